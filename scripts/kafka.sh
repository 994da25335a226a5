#!/usr/bin/env bash
# A throw-away Apache Kafka (KRaft, one broker) for development and tests, on loopback ports. Its jars come from Maven and
# are kept in CHECK_CACHE (default ~/.cache/medicore).
#   scripts/kafka.sh fetch                gets the jars
#   eval "$(scripts/kafka.sh start)"      exports TEST_KAFKA_BROKERS and MEDICORE_KAFKA_BROKERS
#   scripts/kafka.sh stop                 ends it and removes its data
# Settings: CHECK_DEV, its folder (default .dev); KAFKA_HEAP (default 256m).
set -euo pipefail
cd "$(dirname "$0")/.."
here=$PWD/scripts/kafka
home=${CHECK_DEV:-$PWD/.dev}/kafka
jars=${CHECK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/medicore}/kafka-$(sha256sum "$here/pom.xml" | cut -c1-12)
heap=${KAFKA_HEAP:-256m}
for tool in java mvn; do
  command -v "$tool" >/dev/null || { echo "$tool is missing (Debian: apt-get install default-jre-headless maven)" >&2; exit 1; }
done

fetch() {
  [ ! -e "$jars/.complete" ] || return 0
  mkdir -p "$jars"
  mvn -q -B -ntp -f "$here/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$jars" >&2
  touch "$jars/.complete"
}

stop() {
  local pid
  if [ -s "$home/pid" ]; then
    pid=$(cat "$home/pid")
    if grep -qa kafka.Kafka "/proc/$pid/cmdline" 2>/dev/null; then
      kill "$pid" || true
      for _ in $(seq 100); do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
      done
      kill -KILL "$pid" 2>/dev/null || true
    fi
  fi
  rm -rf "$home"
}

start() {
  fetch
  stop
  mkdir -p "$home"
  read -r port controller < <(python3 -c '
import socket
a, b = socket.socket(), socket.socket()
a.bind(("127.0.0.1", 0)); b.bind(("127.0.0.1", 0))
print(a.getsockname()[1], b.getsockname()[1])')
  sed -e "s/@PORT@/$port/g; s/@CONTROLLER@/$controller/g" "$here/server.properties" >"$home/server.properties"
  echo "log.dirs=$home/data" >>"$home/server.properties"
  local jvm=(java "-Xms$heap" "-Xmx$heap" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:+ExitOnOutOfMemoryError
    -Djava.net.preferIPv4Stack=true "-Dlog4j2.configurationFile=$here/log4j2.properties" -cp "$jars/*")
  "${jvm[@]}" kafka.tools.StorageTool format -t AAAAAAAAAAAAAAAAAAAAAQ -c "$home/server.properties" >"$home/format.log" 2>&1 || { cat "$home/format.log" >&2; exit 1; }
  "${jvm[@]}" kafka.Kafka "$home/server.properties" >"$home/kafka.log" 2>&1 </dev/null &
  echo $! >"$home/pid"
  for _ in $(seq 300); do
    if grep -q "Kafka Server started" "$home/kafka.log"; then
      echo "export TEST_KAFKA_BROKERS=127.0.0.1:$port MEDICORE_KAFKA_BROKERS=127.0.0.1:$port"
      return 0
    fi
    kill -0 "$(cat "$home/pid")" 2>/dev/null || break
    sleep 0.2
  done
  tail -n 40 "$home/kafka.log" >&2
  echo "Kafka did not start" >&2
  exit 1
}

case ${1:-} in
fetch) fetch ;;
start) start ;;
stop) stop ;;
*)
  echo "usage: $0 fetch | start | stop" >&2
  exit 2
  ;;
esac
