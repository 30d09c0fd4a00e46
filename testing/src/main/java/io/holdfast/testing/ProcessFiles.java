package io.holdfast.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The directory of one Flink process: {@code conf/config.yaml}, {@code conf/log4j2.properties}, logs, {@code tmp}. */
record ProcessFiles(Path directory, String name) {

    private static final String LOG4J = """
            status = warn
            rootLogger.level = INFO
            rootLogger.appenderRef.file.ref = file
            appender.file.type = File
            appender.file.name = file
            appender.file.fileName = ${sys:log.file}
            appender.file.layout.type = PatternLayout
            appender.file.layout.pattern = %d{HH:mm:ss.SSS} %-5p %-30c{1} [%t] %m%n
            logger.pekko.name = org.apache.pekko
            logger.pekko.level = WARN
            logger.netty.name = org.apache.flink.shaded.netty4.io.netty
            logger.netty.level = ERROR
            """;

    static ProcessFiles create(Path directory, String name, Map<String, String> options) {
        ProcessFiles files = new ProcessFiles(directory, name);
        try {
            Files.createDirectories(files.tmp());
            Files.createDirectories(files.conf());
            Files.writeString(files.conf().resolve("config.yaml"), yaml(options));
            Files.writeString(files.log4j(), LOG4J);
        } catch (IOException e) {
            throw new UncheckedIOException("Configuration of " + name + " not written to " + directory, e);
        }
        return files;
    }

    /** One quoted line per option: flat keys are valid in {@code config.yaml}, and quotes keep "1 s" and "" strings. */
    static String yaml(Map<String, String> options) {
        return new TreeMap<>(options)
                .entrySet().stream()
                        .map(option ->
                                option.getKey() + ": '" + option.getValue().replace("'", "''") + "'\n")
                        .collect(Collectors.joining());
    }

    Path conf() {
        return directory.resolve("conf");
    }

    Path tmp() {
        return directory.resolve("tmp");
    }

    Path log4j() {
        return conf().resolve("log4j2.properties");
    }

    Path log() {
        return directory.resolve(name + ".log");
    }

    Path out() {
        return directory.resolve(name + ".out");
    }
}
