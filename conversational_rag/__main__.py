"""`python -m conversational_rag`."""

from conversational_rag.cli import main

if __name__ == "__main__":
    main()
