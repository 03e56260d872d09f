# syntax=docker/dockerfile:1
#
#   docker build -t masterx .
#   docker run --rm -v masterx:/data masterx keys create --role service  # shown once; without a key it does not start
#   docker run --rm -v masterx:/data -p 127.0.0.1:8000:8000 --read-only masterx
#
# Every command is an array: nothing here needs a shell. `tests/test_containers.py` runs the builder's commands as they
# stand here. Python is the version that CI tests with; every wheel of requirements.lock is there for amd64 and arm64.
ARG PYTHON=3.11.16-slim-trixie

FROM ghcr.io/astral-sh/uv:0.13.9 AS uv

FROM python:${PYTHON} AS builder
COPY --from=uv /uv /usr/local/bin/uv
ENV UV_CACHE_DIR=/var/cache/uv UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never UV_COMPILE_BYTECODE=1
WORKDIR /src
RUN ["uv", "venv", "--python", "/usr/local/bin/python3", "/opt/masterx"]
# First what seldom changes: this layer stays while only the project's own code is another.
COPY requirements.lock ./
RUN --mount=type=cache,target=/var/cache/uv \
    ["uv", "pip", "install", "--python", "/opt/masterx", "--require-hashes", "--only-binary", ":all:", \
     "-r", "requirements.lock"]
COPY pyproject.toml README.md LICENSE deploy/build.lock ./
COPY app ./app
COPY config ./config
COPY migrations ./migrations
RUN --mount=type=cache,target=/var/cache/uv \
    ["uv", "pip", "install", "--python", "/opt/masterx", "--no-deps", "--build-constraints", "build.lock", "."]
RUN ["install", "-d", "-o", "10001", "-g", "10001", "-m", "0750", "/data"]

FROM python:${PYTHON}
LABEL org.opencontainers.image.title="MasterX" \
      org.opencontainers.image.description="A tutoring backend: one message in, one streamed answer out" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=builder /opt/masterx /opt/masterx
# The only place that is written to: the SQLite store. A volume that is mounted here for the first time takes its owner.
COPY --from=builder --chown=10001:10001 /data /data
# The code was compiled when it was installed, and is not ours to write to.
ENV PATH=/opt/masterx/bin:/usr/local/bin:/usr/bin:/bin PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    MASTERX_STORE=sqlite:////data/masterx.db
# A number, so that an orchestrator can see that it is not root.
USER 10001:10001
WORKDIR /data
VOLUME ["/data"]
EXPOSE 8000
# The service then finishes turns for --grace (5 s) and ends within 10 s: give it 15 (`docker stop -t 15`).
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-I", "-c", "import http.client as h, sys; c = h.HTTPConnection('127.0.0.1', 8000, timeout=3); \
c.request('GET', '/health/ready'); sys.exit(c.getresponse().status != 200)"]
ENTRYPOINT ["masterx"]
CMD ["serve", "--host", "0.0.0.0"]
