"""``python -m kpoclf.spark IN OUT``; also what spark-submit is given."""

from kpoclf.spark.command import main

if __name__ == "__main__":
    main()
