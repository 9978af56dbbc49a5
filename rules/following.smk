# What a run leaves for whoever follows it from another terminal (scripts/follow.py): its plan, and how it ended.

from assay.following import plan as following

FOLLOWED = {}


def leave_plan(dag):
    """When a run begins: its jobs, each with outputs and log. What makes no file, such as `verdict`, is no run to follow."""
    jobs = [
        following.job(job.rule.name, job.message, job.output, job.log[0] if job.log else None, Path(RESULTS))
        for job in dag.needrun_jobs()
        if job.output
    ]
    if jobs:
        about = following.About(RUN.name, RUN.edition, tuple(MODELS), tuple(JUDGES), MAX_USD, LEDGER)
        FOLLOWED["plan"], FOLLOWED["lock"] = following.begin(Path(RESULTS), about, jobs)


def note_end(how):
    """When it has ended, well or not. One that is killed notes nothing: its lock is gone then."""
    if FOLLOWED:
        failed = [job.output for job in getattr(workflow.scheduler, "failed", ()) if job.output]
        following.end(Path(RESULTS), FOLLOWED["plan"], how, failed)
