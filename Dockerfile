# Release image, built by goreleaser from binaries that exist already: nothing is compiled or downloaded here.
# `make snapshot` makes the same image without a container engine (internal/release); a test holds the two together.
FROM scratch
ARG TARGETPLATFORM
# CA certificates, the user, /tmp and /checkout with their modes.
ADD bin/rootfs.tar /
COPY $TARGETPLATFORM/ameide /usr/bin/ameide
ENV PATH=/usr/bin HOME=/home/nonroot
USER 65532:65532
WORKDIR /checkout
ENTRYPOINT ["/usr/bin/ameide"]
