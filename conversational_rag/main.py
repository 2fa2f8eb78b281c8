"""`uvicorn conversational_rag.main:app`."""

import sys

from conversational_rag import loading
from conversational_rag.errors import StartError

try:
    with loading.frugally():
        from conversational_rag.application import load_app

        app = load_app()
except StartError as error:
    sys.exit(f"conversational_rag cannot start: {error.detail}")
