"""What Alembic runs: the migrations, on the connection it is given."""

from alembic import context

import conversational_rag.db.access_tables  # noqa: F401 its tables are part of the metadata
from conversational_rag.db.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
