# Two images, each FROM scratch with one static binary.
#   docker build -t medicore .                            every target: docker run medicore serve --target=gateway
#   docker build --target gateway -t medicore-gateway .   the gateway alone, over anybody's subgraphs:
#                                                         docker run -p 4000:4000 medicore-gateway --listen :4000 --supergraph URL
FROM golang:1.26-bookworm AS source
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN mkdir -m 0700 /data /empty && chmod 1777 /empty

FROM source AS build-gateway
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /medicore-gateway ./cmd/medicore-gateway

FROM scratch AS gateway
COPY --from=build-gateway /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build-gateway /medicore-gateway /medicore-gateway
COPY --from=build-gateway --chown=65532:65532 /empty /tmp
USER 65532:65532
ENTRYPOINT ["/medicore-gateway"]

FROM source AS build
ARG VERSION=dev
# librdkafka comes bundled and static; with the C library linked in too the image needs nothing but the binary.
RUN CGO_ENABLED=1 go build -trimpath -tags netgo,osusergo -ldflags "-s -w -linkmode external -extldflags -static -X main.version=${VERSION}" -o /medicore ./cmd/medicore

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /medicore /medicore
COPY --from=build --chown=65532:65532 /data /data
COPY --from=build --chown=65532:65532 /empty /tmp
USER 65532:65532
ENV MEDICORE_DATA=/data
ENTRYPOINT ["/medicore"]
CMD ["serve"]
