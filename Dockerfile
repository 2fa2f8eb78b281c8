FROM python:3.13-slim AS build
WORKDIR /app
COPY requirements.txt .
RUN python -m venv /app/venv && /app/venv/bin/pip install --no-cache-dir --requirement requirements.txt

FROM python:3.13-slim
WORKDIR /app
RUN useradd --uid 10001 --create-home app && mkdir -p data chroma_db && chown app:app data chroma_db
COPY --from=build /app/venv venv
COPY conversational_rag conversational_rag
# Else each start of a container would compile the service anew: half a second.
RUN python -m compileall -q conversational_rag
USER app
ENV PATH=/app/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOST=0.0.0.0 PORT=8000 AUTH_MODE=keys
EXPOSE 8000
VOLUME ["/app/data", "/app/chroma_db"]
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["python", "-c", \
  "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/healthz', timeout=4)"]
CMD ["python", "-m", "conversational_rag"]
