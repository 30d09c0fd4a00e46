package io.holdfast.testing;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The command line of a JVM that can run Flink: class path, module openings, log settings. */
record JvmCommand(Path javaHome, List<Path> classPath, List<String> extraFlags) {

    private static final Pattern COLLECTOR = Pattern.compile("-XX:\\+Use[A-Za-z0-9]+GC");

    /** What Flink's own default {@code env.java.opts.all} opens on JDK 17. */
    private static final List<String> OPENINGS = List.of(
            "--add-exports=java.base/sun.net.util=ALL-UNNAMED",
            "--add-exports=java.rmi/sun.rmi.registry=ALL-UNNAMED",
            "--add-exports=java.security.jgss/sun.security.krb5=ALL-UNNAMED",
            "--add-opens=java.base/java.lang=ALL-UNNAMED",
            "--add-opens=java.base/java.net=ALL-UNNAMED",
            "--add-opens=java.base/java.io=ALL-UNNAMED",
            "--add-opens=java.base/java.nio=ALL-UNNAMED",
            "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
            "--add-opens=java.base/java.lang.reflect=ALL-UNNAMED",
            "--add-opens=java.base/java.text=ALL-UNNAMED",
            "--add-opens=java.base/java.time=ALL-UNNAMED",
            "--add-opens=java.base/java.util=ALL-UNNAMED",
            "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED",
            "--add-opens=java.base/java.util.concurrent.atomic=ALL-UNNAMED",
            "--add-opens=java.base/java.util.concurrent.locks=ALL-UNNAMED");

    /** On the Java that runs the test. */
    static JvmCommand of(List<Path> classPath, List<String> extraFlags) {
        return new JvmCommand(Path.of(System.getProperty("java.home")), classPath, extraFlags);
    }

    /** The same with what {@code start} asks for. */
    JvmCommand with(TaskManagerStart start) {
        List<String> flags = new ArrayList<>(extraFlags);
        flags.addAll(start.jvmFlags());
        return new JvmCommand(start.javaHome().orElse(javaHome), classPath, flags);
    }

    /** Everything up to and including the main class. */
    List<String> command(ProcessFiles files, String mainClass, List<String> flags) {
        List<String> command = new ArrayList<>();
        command.add(javaHome.resolve("bin/java").toString());
        if (Stream.concat(flags.stream(), extraFlags.stream())
                .noneMatch(flag -> COLLECTOR.matcher(flag).matches())) {
            command.add("-XX:+UseSerialGC"); // several JVMs share two cores
        }
        command.add("-XX:-UsePerfData");
        command.addAll(OPENINGS);
        command.addAll(flags);
        command.addAll(extraFlags);
        command.add("-Djava.io.tmpdir=" + files.tmp());
        command.add("-Dlog.file=" + files.log());
        command.add("-Dlog4j.configurationFile=" + files.log4j());
        command.add("-cp");
        command.add(FlinkProcesses.joined(classPath));
        command.add(mainClass);
        return command;
    }
}
