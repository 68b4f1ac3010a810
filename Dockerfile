# syntax=docker/dockerfile:1
# Collimator in a container: built on the Swift image, run on plain Debian without a Swift runtime.
#
#   docker build --tag collimator .
#
# The packages of both stages are held to what the build and the executable need by Tests/Acceptance/test_deployment.py.

FROM swift:6.3-bookworm AS build
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
        libarchive-dev \
        libdcmtk-dev \
        libjwt-dev \
        libopenjp2-7-dev \
        libsqlite3-dev \
        libssl-dev \
        libvips-dev \
        pkg-config \
        zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
# What changes rarely comes first, so that a change of a source file does not fetch the packages again.
COPY Package.* ./
RUN swift package resolve
COPY openapi.yaml ./
COPY Sources ./Sources
COPY Tests ./Tests
COPY Benchmarks/CatalogFilling ./Benchmarks/CatalogFilling
COPY Benchmarks/DecisionTiming ./Benchmarks/DecisionTiming
# The package manager orders traits by hash: without this another order may compile everything anew.
ENV SWIFT_DETERMINISTIC_HASHING=1
RUN swift build --configuration release --static-swift-stdlib --product collimator \
    && install -D --strip "$(swift build --configuration release --static-swift-stdlib --show-bin-path)/collimator" \
        /staging/usr/local/bin/collimator \
    && install --directory --owner=10001 --group=10001 --mode=0700 /staging/var/lib/collimator

FROM debian:bookworm-slim
LABEL org.opencontainers.image.title="Collimator" \
    org.opencontainers.image.description="A gateway for DICOM stores of the Google Cloud Healthcare API" \
    org.opencontainers.image.licenses="Apache-2.0"
# The libraries that the executable is linked with, and the certificates of those it talks to.
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
        ca-certificates \
        libarchive13 \
        libdcmtk17 \
        libgcc-s1 \
        libglib2.0-0 \
        libjwt0 \
        libopenjp2-7 \
        libsqlite3-0 \
        libssl3 \
        libstdc++6 \
        libvips42 \
        zlib1g \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 collimator \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/collimator --shell /usr/sbin/nologin collimator
COPY --from=build /staging/ /
# Off loopback the service starts only where COLLIMATOR_ADMIN_KEY_FILE names a key.
ENV LANG=C.UTF-8 \
    COLLIMATOR_SERVER_HOST=0.0.0.0 \
    COLLIMATOR_DATA_DIR=/var/lib/collimator
USER 10001:10001
WORKDIR /var/lib/collimator
VOLUME /var/lib/collimator
EXPOSE 8080
# It finishes what is under way and ends with status 0.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s --retries=3 CMD ["collimator", "health"]
ENTRYPOINT ["collimator"]
CMD ["serve"]
