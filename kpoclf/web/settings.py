"""Where the server listens, who may speak to it, and how much it takes."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

__all__ = ["Settings", "is_loopback"]


@dataclass(frozen=True)
class Settings:
    """What the server is told when it starts.

    Attributes
    ----------
    folder : str
        An empty folder for uploaded files.
    token : str or None
        What a caller must know; None: nothing.
    names : tuple of str
        Names by which the server may be asked, beside ``localhost`` and IP addresses.
    queue : str
        File of the review queue if there is none when the server starts: it is looked for anew.
    max_texts : int
        Texts in a call of ``label``.
    max_characters : int
        Characters of a text that is explained: that takes a second for 50,000.
    max_bytes, max_upload_bytes : int
        Size of a request, and of one that uploads a file.
    max_seconds, max_upload_seconds : float
        Time in which it must have arrived.
    max_waiting : int
        Calls that wait for their turn; more are turned away.
    max_jobs : int
        Uploaded files that are held.
    max_jobs_bytes : int
        Their size, with what is made of them.
    max_job_seconds : float
        Time that labelling a file may take.
    max_job_memory : int
        Bytes of memory that it may take, where the system can hold it to that.
    keep_seconds : float
        How long a file is held after it was labelled.
    """

    folder: str
    token: str | None = None
    names: tuple[str, ...] = ()
    queue: str = ""
    max_texts: int = 10_000
    max_characters: int = 50_000
    max_bytes: int = 8 << 20
    max_upload_bytes: int = 200 << 20
    max_seconds: float = 30
    max_upload_seconds: float = 600
    max_waiting: int = 100
    max_jobs: int = 20
    max_jobs_bytes: int = 2 << 30
    max_job_seconds: float = 1800
    max_job_memory: int = 4 << 30
    keep_seconds: float = 3600


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens there.

    Examples
    --------
    >>> is_loopback("localhost"), is_loopback("127.0.0.1"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
