# braid as a range server for a volume: docker run -v "$PWD:/data:ro" -p 8080:8080 braid
# and as a client:                       docker run -u "$(id -u)" -v "$PWD:/data" braid get URL
FROM --platform=$BUILDPLATFORM golang:1.27.4-alpine AS build
ARG TARGETOS TARGETARCH VERSION=
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download && go mod verify
COPY . .
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -ldflags="-s -w -X braid/internal/cli.version=$VERSION" -o /braid . && mkdir /empty

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /braid /braid
COPY LICENSE /LICENSE
COPY --from=build --chown=65532:65532 /empty /data
USER 65532:65532
WORKDIR /data
VOLUME /data
EXPOSE 8080
ENTRYPOINT ["/braid"]
CMD ["serve", "--addr", ":8080", "/data"]
