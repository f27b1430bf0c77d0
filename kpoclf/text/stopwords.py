"""Words that carry no label: the grammar of English, and the prose that every posting shares."""

from __future__ import annotations

__all__ = ["FUNCTION_WORDS", "HIRING_WORDS"]

FUNCTION_WORDS = frozenset(
    """
    about above across after again against all almost along already also although always am among
    an and another any anybody anyone anything are around as at away back be became because become
    becomes been before being below between both but by can cannot could did do does doing done down
    during each either else enough etc even ever every everybody everyone everything few for from
    further get gets getting go goes going gone got had has have having he hence her here hers herself
    him himself his how however if in indeed instead into is it its itself just least less let lot
    made make makes making many may maybe me might mine more most much must my myself near neither
    never no nobody none nor not nothing now of off often on once one ones only onto or other others
    otherwise our ours ourselves out over own per perhaps quite rather really same shall she should
    since so some somebody someone something sometimes soon still such than that the their theirs
    them themselves then there therefore these they thing things this those though through throughout
    thus to together too toward towards under until up upon us very via was way we well were what
    whatever when whenever where whether which while who whoever whole whom whose why will with within
    without would yes yet you your yours yourself yourselves ll ve re don doesn didn isn aren wasn
    weren won wouldn couldn shouldn hasn haven hadn two three four five six seven eight nine ten
    first second third
    """.split()
)

HIRING_WORDS = frozenset(
    """
    job jobs position positions role roles career careers opportunity opportunities vacancy vacancies
    employer employers employment employed hire hires hiring hired candidate candidates applicant
    apply applying join joining seek seeking looking recruit
    company companies corporation firm organisation team teams colleague colleagues department
    join us responsible responsibility responsibilities duties duty requirement requirements required
    require requires qualification qualifications qualified preferred preferably prefer desired
    desirable plus bonus must essential ideal ideally successful
    experience experienced year years month months week weeks day days
    benefit perk perks salary salaries wage pay compensation competitive package insurance
    dental vision holiday holidays vacation pto paid leave pension retirement hourly annual
    full part time permanent temporary contract contractor freelance remote hybrid onsite office shift
    shifts weekend weekends flexible schedule
    location located city state country
    equal disability gender race religion sex sexual orientation veteran veterans national origin age
    diversity inclusion inclusive accommodation protected status regard color
    passionate passion motivated dynamic exciting excellent excellence great growth grow growing
    environment culture world leading leader global fast paced best strong solid proven good
    ability able skill skills knowledge understanding familiarity
    degree bachelor bachelors diploma
    description overview summary about offer offers offering provide provides
    resume cv cover letter interview today click please email
    work works working worked worker
    """.split()
)
