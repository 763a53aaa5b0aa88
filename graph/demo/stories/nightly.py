"""Two nightly schedules, told each minute: a report that fails until its query is put right, a backup that works."""

from __future__ import annotations

from graph.demo.objects import Object
from graph.demo.resources import CRONJOBS, JOBS
from graph.demo.stories.manifests import cronjob, image
from graph.demo.stories.stage import Stage
from graph.demo.stories.story import Story
from graph.demo.voices import Mood

REPORT = "nightly-report"


def _image(number: int) -> str:
    return image("data/nightly-report", f"1.{number}")


def _bad(stage: Stage) -> str:
    return f"exit exit=1 {stage.seconds(6)}"


def _good(stage: Stage) -> str:
    return f"exit {stage.seconds(7)}"


def _cast(stage: Stage) -> list[Object]:
    backup = image("data/backup", "0.9.2")
    return [
        cronjob(REPORT, _image(8), schedule=stage.every_minute, play=_bad(stage)),
        cronjob("backup", backup, schedule=stage.every_minute, play=f"exit {stage.seconds(9)}"),
    ]


async def _scene(stage: Stage) -> None:
    """A release whose runs fail, the first of all is there already, and one whose runs do not."""
    version = 8 + 2 * stage.round
    failures = 1
    if stage.round:
        await stage.reschedule(REPORT, _image(version), _bad(stage))
        failures = stage.random.randint(1, 3)
    await _runs(stage, _image(version), failures)
    await stage.pause(4, 8)
    await stage.reschedule(REPORT, _image(version + 1), _good(stage))
    await _runs(stage, _image(version + 1), stage.random.randint(1, 2))
    await stage.pause(15, 25)


async def _runs(stage: Stage, image_: str, count: int) -> None:
    """Until so many runs of an image have ended, or there will be none: a user has stopped it."""

    async def ended() -> bool:
        if await stage.find(CRONJOBS, REPORT) is None:
            return True
        jobs = await stage.list(JOBS, f"app.kubernetes.io/name={REPORT}")
        return sum(_ended(job) and _uses(job, image_) for job in jobs) >= count

    await stage.until(ended)


def _ended(job: Object) -> bool:
    return any(
        one["type"] in ("Complete", "Failed") and one["status"] == "True"
        for one in job.get("status", {}).get("conditions", ())
    )


def _uses(job: Object, image_: str) -> bool:
    return any(one["image"] == image_ for one in job["spec"]["template"]["spec"]["containers"])


_START = ("report {version} for {at}", "connecting to postgres://report@warehouse:5432/sales")

STORY = Story(
    name="nightly",
    namespace="data",
    cast=_cast,
    scene=_scene,
    voices={
        "nightly-report": {
            "ok": Mood(
                start=_START,
                work=(
                    "query revenue_by_region: {count} rows",
                    "query returns_by_reason: {count} rows",
                    "writing report.pdf",
                ),
                end=("sent to 14 recipients", "done"),
            ),
            "crash": Mood(
                start=_START,
                work=("query revenue_by_region: {count} rows", "query returns_by_reason …"),
                end=(
                    "Traceback (most recent call last):",
                    '  File "/app/report.py", line 112, in <module>',
                    "    main()",
                    '  File "/app/report.py", line 74, in main',
                    "    rows = warehouse.query(RETURNS_BY_REASON)",
                    'psycopg.errors.UndefinedColumn: column "return_reason" does not exist',
                    "LINE 3:   GROUP BY return_reason",
                    "no report was sent",
                ),
            ),
        },
        "backup": {
            "ok": Mood(
                start=("backup {version}: snapshot of sales", "repository s3:backups/sales opened"),
                work=("25.0% {count} files", "50.0% {count} files", "75.0% {count} files"),
                end=("snapshot {trace} saved", "pruned 1 old snapshot", "done"),
            )
        },
    },
)
