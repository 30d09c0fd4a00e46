#!/usr/bin/env bash
# Entry point of a Flink container: runs the image's own entry point, and lets every JobManager that it starts run
# Holdfast's main class instead of Flink's. All else passes unchanged. For kubernetes.entry.path; see
# docs/how-to/turn-it-on.md.
#
#   HOLDFAST_ENABLED          false: only run the image's entry point; default true
#   HOLDFAST_ENTRYPOINT_NEXT  the image's entry point; default /docker-entrypoint.sh
#
# Flink's scripts run $JAVA_HOME/bin/java. So JAVA_HOME becomes a directory of links to the real one, in which bin/java
# is the program at the end of this file. It puts JAVA_HOME right again before it becomes the real java.
set -euo pipefail

refuse() { # fact, remedy
    echo "holdfast-entrypoint: $1. $2." >&2
    exit 78
}

for name in "${!HOLDFAST_ENTRYPOINT_@}"; do
    case $name in
        HOLDFAST_ENTRYPOINT_NEXT) ;;
        HOLDFAST_ENTRYPOINT_SERVICE_* | HOLDFAST_ENTRYPOINT_PORT*) ;; # what Kubernetes adds for a Service of this name
        *) refuse "$name is not a variable of this script" "Use HOLDFAST_ENTRYPOINT_NEXT, or remove it" ;;
    esac
done

next=${HOLDFAST_ENTRYPOINT_NEXT-/docker-entrypoint.sh}
if [[ ! -f $next || ! -x $next ]]; then
    refuse "The image's entry point '$next' is not an executable file" "Set HOLDFAST_ENTRYPOINT_NEXT to its path"
elif [[ $next -ef ${BASH_SOURCE[0]} ]]; then
    refuse "HOLDFAST_ENTRYPOINT_NEXT is this script itself" "Set it to the entry point of the image"
fi

case ${HOLDFAST_ENABLED-true} in
    true) ;;
    false) exec "$next" "$@" ;;
    *) refuse "HOLDFAST_ENABLED must be true or false: '$HOLDFAST_ENABLED'" "Correct it, or remove it" ;;
esac

# The java that Flink's scripts would take.
if [[ -d ${JAVA_HOME-} ]]; then
    java=$JAVA_HOME/bin/java
else
    java=$(type -P java || true)
fi
if [[ ! -x $java ]]; then
    refuse "No Java found: JAVA_HOME is '${JAVA_HOME-}', and java is not there" "Set JAVA_HOME to a Java installation"
fi

home=$(mktemp -d "${TMPDIR:-/tmp}/holdfast-java-XXXXXX" 2>/dev/null) && mkdir "$home/bin" ||
    refuse "No directory can be made in '${TMPDIR:-/tmp}'" "Mount a writable /tmp, or set TMPDIR to one"

if [[ -d ${JAVA_HOME-} ]]; then
    for file in "$JAVA_HOME"/*; do
        [[ $file == */bin ]] || ln -s "$file" "$home/"
    done
    for file in "$JAVA_HOME"/bin/*; do
        [[ $file == */java ]] || ln -s "$file" "$home/bin/"
    done
fi

restore='unset JAVA_HOME'
[[ ! -v JAVA_HOME ]] || restore="export JAVA_HOME=$(printf %q "$JAVA_HOME")"
cat >"$home/bin/java" <<END
#!/usr/bin/env bash
$restore
java=$(printf %q "$java")
END
cat >>"$home/bin/java" <<'END'
given=("$@")
at=0
while ((at < $#)); do # the first argument that is neither an option nor an option's value is the main class
    case ${given[at]} in
        -cp | -classpath | --class-path | -p | --module-path | --upgrade-module-path | --limit-modules | \
            --patch-module | --add-modules | --add-exports | --add-opens | --add-reads | --enable-native-access)
            ((at += 2)) ;;
        -jar | -m | --module) break ;;
        -* | @*) ((at += 1)) ;;
        *) break ;;
    esac
done
case ${given[at]-} in
    org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint)
        given[at]=io.holdfast.flink.entrypoint.HoldfastStandaloneSessionEntrypoint ;;
    org.apache.flink.container.entrypoint.StandaloneApplicationClusterEntryPoint)
        given[at]=io.holdfast.flink.entrypoint.HoldfastStandaloneApplicationEntrypoint ;;
    org.apache.flink.kubernetes.entrypoint.KubernetesSessionClusterEntrypoint)
        given[at]=org.apache.flink.kubernetes.entrypoint.HoldfastKubernetesSessionEntrypoint ;;
    org.apache.flink.kubernetes.entrypoint.KubernetesApplicationClusterEntrypoint)
        given[at]=org.apache.flink.kubernetes.entrypoint.HoldfastKubernetesApplicationEntrypoint ;;
esac
exec "$java" "${given[@]}"
END
chmod 755 "$home" "$home/bin/java"
[[ -x $home/bin/java ]] ||
    refuse "Programs in '${TMPDIR:-/tmp}' cannot run" "Set TMPDIR to a directory that is not mounted noexec"

export JAVA_HOME=$home
exec "$next" "$@"
