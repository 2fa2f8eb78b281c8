"""Jobs: work under a lease. Who loses the lease can no longer end the job, so nothing is ended twice."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Row,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from conversational_rag.db.tables import job_files, jobs
from conversational_rag.security.tenants import Tenant

QUEUED, RUNNING, DONE = "queued", "running", "done"


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """A key that its caller has chosen, within `scope`; `request_hash` tells what was sent with it."""

    scope: str
    key: str
    request_hash: str


@dataclass(frozen=True, slots=True)
class JobFile:
    """One file of an upload; `outcome` is JSON, None while it is not known."""

    ordinal: int
    filename: str
    document_id: str | None
    outcome: str | None = None


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job as it stands; times in Unix seconds."""

    id: str
    tenant: Tenant
    task: str
    state: str
    attempts: int
    run_after: float
    created_at: float
    finished_at: float | None
    new_client: bool
    request_hash: str | None


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to do a job, until another one claims it; `attempt` counts from 1."""

    job_id: str
    tenant: Tenant
    task: str
    owner: str
    attempt: int


_COLUMNS = (
    jobs.c.id,
    jobs.c.client_id,
    jobs.c.task,
    jobs.c.state,
    jobs.c.attempts,
    jobs.c.run_after,
    jobs.c.created_at,
    jobs.c.finished_at,
    jobs.c.new_client,
    jobs.c.request_hash,
)
_OWN = jobs.c.client_id == bindparam("client")
_other = jobs.alias()
# Jobs that this process does at the moment: a lease that ran out while the machine slept does not make them free.
_MINE: BindParameter[str] = bindparam("mine", expanding=True)
# One job of a client at a time: its files become searchable in the order in which they came, and nobody waits for
# another client's thousand files.
_BUSY = (
    select(_other.c.id)
    .where(
        _other.c.client_id == jobs.c.client_id,
        _other.c.state == RUNNING,
        or_(_other.c.lease_until >= bindparam("now"), _other.c.id.in_(_MINE)),
    )
    .exists()
)
_NEXT = (
    select(jobs.c.id)
    .where(
        or_(
            and_(jobs.c.state == QUEUED, jobs.c.run_after <= bindparam("now"), ~_BUSY),
            and_(jobs.c.state == RUNNING, jobs.c.lease_until < bindparam("now"), jobs.c.id.not_in(_MINE)),
        )
    )
    .order_by(jobs.c.run_after, jobs.c.created_at, jobs.c.id)
    .limit(1)
    .with_for_update(skip_locked=True)
    .scalar_subquery()
)
_CLAIM = (
    update(jobs)
    .where(jobs.c.id == _NEXT)
    .values(state=RUNNING, owner=bindparam("me"), lease_until=bindparam("until"), attempts=jobs.c.attempts + 1)
    .returning(jobs.c.id, jobs.c.client_id, jobs.c.task, jobs.c.attempts)
)
_HELD = and_(
    jobs.c.id == bindparam("job"),
    jobs.c.owner == bindparam("me"),
    jobs.c.attempts == bindparam("attempt"),
    jobs.c.state == RUNNING,
)
_EARLIEST = select(func.min(jobs.c.run_after)).where(jobs.c.state == QUEUED, ~_BUSY)
_OPEN = select(func.count()).select_from(jobs).where(_OWN, jobs.c.state != DONE)


def insert_queued(
    connection: Connection,
    tenant: Tenant,
    job_id: str,
    task: str,
    files: Sequence[JobFile],
    now: float,
    *,
    new_client: bool,
    key: IdempotencyKey | None,
) -> None:
    """Store a job that may begin now, with its files."""
    values = {"id": job_id, "client_id": tenant.client_id, "task": task, "state": QUEUED, "new_client": int(new_client)}
    asked = (key.scope, key.key, key.request_hash) if key else (None, None, None)
    named = dict(zip(("idempotency_scope", "idempotency_key", "request_hash"), asked, strict=True))
    connection.execute(insert(jobs), {**values, **named, "run_after": now, "created_at": now})
    rows = [
        {
            "job_id": job_id,
            "ordinal": f.ordinal,
            "filename": f.filename,
            "document_id": f.document_id,
            "outcome": f.outcome,
        }
        for f in files
    ]
    connection.execute(insert(job_files), rows)


def claim(
    connection: Connection, owner: str, now: float, lease_seconds: float, mine: Collection[str] = ()
) -> Lease | None:
    """Take the next job that is due, or whose holder has not been heard of; None when there is none.

    `mine`: the jobs that are being done by the caller.
    """
    values = {"me": owner, "now": now, "until": now + lease_seconds, "mine": list(mine)}
    row = connection.execute(_CLAIM, values).first()
    return None if row is None else Lease(row.id, Tenant(row.client_id), row.task, owner, row.attempts)


def extend(connection: Connection, lease: Lease, until: float) -> bool:
    """Keep the lease; False when it is lost."""
    return _change(connection, lease, {"lease_until": until})


def finish(connection: Connection, lease: Lease, now: float) -> bool:
    """The job is done; False when the lease is lost."""
    return _change(connection, lease, {"state": DONE, "finished_at": now, "owner": None, "lease_until": None})


def release(connection: Connection, lease: Lease, run_after: float) -> bool:
    """Put the job off after an attempt. False when the lease is lost."""
    return _change(connection, lease, {"state": QUEUED, "owner": None, "lease_until": None, "run_after": run_after})


def give_back(connection: Connection, lease: Lease, now: float) -> bool:
    """Put the job back to where it was in the line: this attempt was none. False when the lease is lost."""
    values = {"owner": None, "lease_until": None, "run_after": _in_line(now), "attempts": lease.attempt - 1}
    return _change(connection, lease, {"state": QUEUED, **values})


def end(connection: Connection, tenant: Tenant, job_id: str, now: float) -> None:
    """The job is over, whoever holds it."""
    over = {"state": DONE, "finished_at": now, "owner": None, "lease_until": None}
    statement = update(jobs).where(_OWN, jobs.c.id == bindparam("job"), jobs.c.state != DONE).values(**over)
    connection.execute(statement, {"client": tenant.client_id, "job": job_id})


def find(connection: Connection, tenant: Tenant, job_id: str) -> JobRow | None:
    """The client's job."""
    statement = select(*_COLUMNS).where(_OWN, jobs.c.id == bindparam("job"))
    return _row(connection.execute(statement, {"client": tenant.client_id, "job": job_id}).first())


def admin_find(connection: Connection, job_id: str) -> JobRow | None:
    """A job, whosever it is."""
    return _row(connection.execute(select(*_COLUMNS).where(jobs.c.id == bindparam("job")), {"job": job_id}).first())


def find_by_key(connection: Connection, key: IdempotencyKey) -> JobRow | None:
    """The job that was made with this key before."""
    same = and_(jobs.c.idempotency_scope == bindparam("scope"), jobs.c.idempotency_key == bindparam("key"))
    return _row(connection.execute(select(*_COLUMNS).where(same), {"scope": key.scope, "key": key.key}).first())


def files(connection: Connection, job_id: str) -> list[JobFile]:
    """The files of a job, in the order in which they were sent."""
    statement = (
        select(job_files.c.ordinal, job_files.c.filename, job_files.c.document_id, job_files.c.outcome)
        .where(job_files.c.job_id == bindparam("job"))
        .order_by(job_files.c.ordinal)
    )
    return [JobFile(*row) for row in connection.execute(statement, {"job": job_id})]


def set_outcome(connection: Connection, job_id: str, ordinal: int, outcome: str) -> None:
    """What became of a file; what is known already stays."""
    which = and_(job_files.c.job_id == bindparam("job"), job_files.c.ordinal == bindparam("place"))
    statement = update(job_files).where(which, job_files.c.outcome.is_(None)).values(outcome=bindparam("said"))
    connection.execute(statement, {"job": job_id, "place": ordinal, "said": outcome})


def count_open(connection: Connection, tenant: Tenant) -> int:
    """How many jobs of the client have not ended."""
    return connection.execute(_OPEN, {"client": tenant.client_id}).scalar_one()


def admin_earliest(connection: Connection, now: float, mine: Collection[str] = ()) -> float | None:
    """When the next queued job is due that waits for nothing but its time, in Unix seconds."""
    return connection.execute(_EARLIEST, {"now": now, "mine": list(mine)}).scalar()


def admin_release_all(connection: Connection, now: float) -> None:
    """At a start there is no other process: what was held is free again, before whatever came later (a newer version of
    a file must not be stored before it); and what was put off is due."""
    due = case((jobs.c.state == RUNNING, _in_line(now)), else_=now)
    free = {"state": QUEUED, "owner": None, "lease_until": None, "run_after": due}
    waits = or_(jobs.c.state == RUNNING, and_(jobs.c.state == QUEUED, jobs.c.run_after > now))
    connection.execute(update(jobs).where(waits).values(**free))


def admin_delete_finished(connection: Connection, before: float) -> int:
    """Forget jobs that ended before that time; how many."""
    old = and_(jobs.c.state == DONE, jobs.c.finished_at < bindparam("before"))
    return connection.execute(delete(jobs).where(old), {"before": before}).rowcount


def _in_line(now: float) -> ColumnElement[float]:
    """Due, before whatever came later."""
    return case((jobs.c.created_at < now, jobs.c.created_at), else_=now)


def _change(connection: Connection, lease: Lease, values: Mapping[str, object]) -> bool:
    held = {"job": lease.job_id, "me": lease.owner, "attempt": lease.attempt}
    return connection.execute(update(jobs).where(_HELD).values(**values), held).rowcount == 1


def _row(row: Row[str, str, str, str, int, float, float, float | None, int, str | None] | None) -> JobRow | None:
    if row is None:
        return None
    return JobRow(
        row.id,
        Tenant(row.client_id),
        row.task,
        row.state,
        row.attempts,
        row.run_after,
        row.created_at,
        row.finished_at,
        bool(row.new_client),
        row.request_hash,
    )
