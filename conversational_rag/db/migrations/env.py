"""What Alembic runs: the migrations, on the connection it is given."""

from alembic import context

# Their tables are part of the metadata too.
import conversational_rag.db.access_tables
import conversational_rag.db.usage_tables  # noqa: F401
from conversational_rag.db.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
