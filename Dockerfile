# The two roles as images, one target each: docker build --target bot . and docker build --target worker . (docs/deploy.md).
# The base is pinned by version; to pin it by digest too, give NODE_IMAGE=node:24.21.0-trixie-slim@sha256:….
ARG NODE_IMAGE=node:24.21.0-trixie-slim

# What of npm the program runs on; neither the embedded PostgreSQL nor a second Node is needed here.
FROM ${NODE_IMAGE} AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

# The Python environments. TORCH_INDEX_URL: PyTorch's own index for a CPU or for a version of CUDA; empty, the usual one, where x64
# gets the build for CUDA, which computes on a CPU too and is several GB.
FROM ${NODE_IMAGE} AS environments
# Debian keeps only the newest build of a package: its release is pinned by the base.
# hadolint ignore=DL3008
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates python3 python3-venv \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY scripts/make-environments.mjs scripts/
COPY scripts/setup scripts/setup
COPY python/requirements python/requirements
ARG TORCH_INDEX_URL=
RUN PIP_NO_CACHE_DIR=1 TORCH_INDEX_URL="${TORCH_INDEX_URL}" node scripts/make-environments.mjs

# What both roles have, but for the program: what changes most comes last, so that an update brings little.
FROM ${NODE_IMAGE} AS base
# hadolint ignore=DL3008
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates tini \
  && rm -rf /var/lib/apt/lists/* \
  && groupadd --gid 10001 sound-forge \
  && useradd --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin sound-forge \
  && install --directory --owner=10001 --group=10001 --mode=0711 /data
WORKDIR /app
ENV NODE_ENV=production DATA_DIR=/data HOST=0.0.0.0
VOLUME /data
# tini, as process 1, hands SIGTERM on and buries what ended tools leave behind.
ENTRYPOINT ["/usr/bin/tini", "--", "node", "--disable-warning=ExperimentalWarning", "src/main.ts"]

FROM base AS bot
ENV PORT=4747
EXPOSE 4747
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["bot"]
COPY --from=packages /app/node_modules node_modules
COPY examples examples
COPY package.json ./
COPY migrations migrations
COPY commands commands
COPY src src
USER 10001:10001

FROM base AS worker
# hadolint ignore=DL3008
RUN apt-get update \
  && apt-get install --yes --no-install-recommends python3 \
  && rm -rf /var/lib/apt/lists/*
ENV METRICS_PORT=9464 PYTHONDONTWRITEBYTECODE=1
EXPOSE 9464
HEALTHCHECK --interval=15s --timeout=5s --start-period=120s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.METRICS_PORT + '/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["worker"]
COPY --from=environments /app/.venv .venv
COPY --from=packages /app/node_modules node_modules
COPY models models
COPY package.json ./
COPY python/stemtools python/stemtools
COPY migrations migrations
COPY commands commands
COPY src src
USER 10001:10001
