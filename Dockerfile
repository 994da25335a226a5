# One image for every target: docker build -t medicore . ; docker run medicore serve --target=gateway
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
# librdkafka comes bundled and static; with the C library linked in too the image needs nothing but the binary.
RUN CGO_ENABLED=1 go build -trimpath -tags netgo,osusergo -ldflags "-s -w -linkmode external -extldflags -static -X main.version=${VERSION}" -o /medicore ./cmd/medicore \
 && mkdir -m 0700 /data /empty && chmod 1777 /empty

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /medicore /medicore
COPY --from=build --chown=65532:65532 /data /data
COPY --from=build --chown=65532:65532 /empty /tmp
USER 65532:65532
ENV MEDICORE_DATA=/data
ENTRYPOINT ["/medicore"]
CMD ["serve"]
