# The worker (and every other rowmill command) as an image.
#   docker build -t rowmill .
#   docker run --rm rowmill --help
ARG NODE_IMAGE=node:24.21.0-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
ENV npm_config_audit=false npm_config_fund=false npm_config_update_notifier=false
COPY package.json package-lock.json ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/build.mjs scripts/
COPY src src
COPY workflows workflows
COPY activities activities
COPY sandbox sandbox
# With the workflow bundle: a worker that has it starts in half a second and bundles nothing.
RUN npm run build

FROM ${NODE_IMAGE} AS packages
WORKDIR /app
ENV npm_config_audit=false npm_config_fund=false npm_config_update_notifier=false
COPY package.json package-lock.json ./
# The Temporal core comes with binaries for five platforms (110 MB); one of them is used.
RUN npm ci --omit=dev \
 && cd node_modules/@temporalio/core-bridge/releases \
 && test -d "$(uname -m)-unknown-linux-gnu" \
 && find . -mindepth 1 -maxdepth 1 ! -name "$(uname -m)-unknown-linux-gnu" -exec rm -r {} +

FROM ${NODE_IMAGE}
# The Temporal core takes the system's certificates, and slim images have none.
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 10001 rowmill \
 && useradd --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin rowmill \
 && install -d -o rowmill -g rowmill -m 0700 /data /data/store \
 && ln -s /app/dist/src/cli/main.js /usr/local/bin/rowmill
# One arena of glibc: memory that one thread has freed is there for the others. A fixed threshold, which
# else grows to 32 MB: large blocks go back to the system when they are freed.
ENV NODE_ENV=production \
    MALLOC_ARENA_MAX=1 \
    MALLOC_MMAP_THRESHOLD_=131072 \
    ROWMILL_STORE=/data/store \
    ROWMILL_HEALTH_HOST=0.0.0.0
COPY package.json LICENSE deploy/healthcheck.mjs /app/
COPY examples /app/examples
COPY --from=packages /app/node_modules /app/node_modules
COPY --from=build /app/dist /app/dist
# Everything that is written goes here (and /tmp): the root file system may be read-only.
WORKDIR /data
USER 10001:10001
EXPOSE 9464
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "/app/healthcheck.mjs"]
ENTRYPOINT ["node", "/app/dist/src/cli/main.js"]
CMD ["worker"]
