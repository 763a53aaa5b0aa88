# One image for every command: serve (the default), operator, api, demo, rbac, schema. How to run it: docs/image.md.

# Any Debian from trixie on. Its own Python comes with the standard library compiled, which a read-only root needs:
# the python:*-slim images carry sources alone, and each start would compile them anew.
ARG BASE=docker.io/library/debian:trixie-slim

FROM ${BASE} AS python
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends ca-certificates python3 \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/ldconfig/* /var/log/*


FROM python AS builder
ARG UV_VERSION=0.13.9
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends binutils python3-venv
RUN python3 -m venv /opt/uv && /opt/uv/bin/pip install --no-cache-dir "uv==${UV_VERSION}"
# Compiled once, here, and never checked against the sources: nothing changes in an image, and neither do these bytes.
# What an installer notes down (when, from which folder) would differ from build to build.
ENV PATH=/opt/uv/bin:$PATH \
    UV_PYTHON_DOWNLOADS=never \
    UV_LINK_MODE=copy \
    UV_COMPILE_BYTECODE=1 \
    PYC_INVALIDATION_MODE=UNCHECKED_HASH \
    UV_NO_INSTALLER_METADATA=1 \
    UV_PROJECT_ENVIRONMENT=/opt/statusgraph
WORKDIR /src

# What we depend on. Left out is what never runs: debug symbols, and the bytecode of the Kubernetes library's client for
# each kind of resource, which graph.kube goes past.
COPY pyproject.toml uv.lock ./
RUN --mount=type=cache,target=/root/.cache/uv \
    uv sync --frozen --no-dev --no-install-project \
 && find /opt/statusgraph -name '*.so' -exec strip --strip-debug {} + \
 && rm -r /opt/statusgraph/lib/python3*/site-packages/kubernetes_asyncio/client/api/__pycache__ \
          /opt/statusgraph/lib/python3*/site-packages/kubernetes_asyncio/client/models/__pycache__

# The web pages, which the build hook makes for any wheel and makes anew when their sources have changed.
COPY hatch_build.py README.md LICENSE ./
COPY graph/__init__.py graph/
COPY web web
RUN --mount=type=cache,target=/root/.cache/uv --mount=type=cache,target=/root/.npm \
    uv build --wheel --out-dir /tmp

# The wheel, unpacked apart from what it depends on: a new version of ours is a small layer.
COPY . .
RUN --mount=type=cache,target=/root/.cache/uv \
    uv build --wheel --out-dir /wheel \
 && uv pip install --no-deps --python /opt/statusgraph --prefix /own /wheel/*.whl \
 && rm --force /opt/statusgraph/.lock /own/.lock


FROM python
# For `demo` alone. valkey-tools carries the server's program under the name of its checker, and valkey-server little
# but this link and a service, which would start here.
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends valkey-tools \
 && ln -s valkey-check-rdb /usr/bin/valkey-server \
 && valkey-server --version \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/ldconfig/* /var/log/* \
 && useradd --uid 10001 --user-group --no-log-init --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin statusgraph

COPY --from=builder /opt/statusgraph /opt/statusgraph
COPY --from=builder /own /opt/statusgraph

# Loopback would be this container's own; whom the cluster lets in is the network's to say.
ENV PATH=/opt/statusgraph/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    STATUSGRAPH_API_LISTEN=0.0.0.0:8000 \
    STATUSGRAPH_OPERATOR_LISTEN=0.0.0.0:8001 \
    STATUSGRAPH_LOG_FORMAT=json

WORKDIR /
USER 10001:10001
EXPOSE 8000 8001
STOPSIGNAL SIGTERM

# Alive: something listens, and all that does turns. (Kubernetes has probes of its own and ignores this one.)
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["python", "-c", "\
import os, socket, sys, urllib.request; \
ports = [int(os.environ[f'STATUSGRAPH_{half}_LISTEN'].rpartition(':')[2]) for half in ('API', 'OPERATOR')]; \
ports = [port for port in ports if not socket.socket().connect_ex(('127.0.0.1', port))]; \
[urllib.request.urlopen(f'http://127.0.0.1:{port}/livez', timeout=4) for port in ports] or sys.exit('nothing listens')"]

ENTRYPOINT ["statusgraph"]
CMD ["serve"]

# Last: they change with every build, and the layers above do not.
ARG VERSION=unknown
ARG REVISION=unknown
ARG CREATED=unknown
LABEL org.opencontainers.image.title="statusgraph" \
      org.opencontainers.image.description="The honest, live status of applications on Kubernetes, over GraphQL" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"
