package io.holdfast.benchmarks.jarcache;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What is in an image, in a directory, so that its program can be run without a container: with its own Java, its own files
 * and its own arguments.
 *
 * @param root of the files
 * @param java path of the image's Java
 * @param arguments of Java, with paths of this machine
 */
record UnpackedImage(Path root, Path java, List<String> arguments) {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String JAVA = "java";

    /** Unpacks {@code tar}, as {@code docker save} writes it, into {@code directory}. */
    static UnpackedImage of(Path tar, Path directory) throws IOException {
        if (!Files.exists(tar)) {
            throw new NoSuchFileException(
                    tar + " does not exist: build it with ./mvnw -DskipTests -pl images/jar-cache -am package");
        }
        Path files = Files.createDirectories(directory.resolve("files"));
        Path root = Files.createDirectories(directory.resolve("root"));
        run(directory, "tar", "-xf", tar.toString(), "-C", files.toString());
        JsonNode manifest =
                JSON.readTree(files.resolve("manifest.json").toFile()).get(0);
        for (JsonNode layer : manifest.get("Layers")) {
            run(directory, "tar", "-xzf", files.resolve(layer.textValue()).toString(), "-C", root.toString());
        }
        JsonNode config = JSON.readTree(
                        files.resolve(manifest.get("Config").textValue()).toFile())
                .get("config");
        List<String> command = new ArrayList<>();
        config.get("Entrypoint").forEach(part -> command.add(part.textValue()));
        if (!command.get(0).equals(JAVA)) {
            throw new IOException("the image does not run Java: " + command);
        }
        return new UnpackedImage(
                root,
                java(root, config),
                command.subList(1, command.size()).stream()
                        .map(argument -> argument.replaceFirst("(?<=^|=)/(?=holdfast/)", root + "/"))
                        .toList());
    }

    private static Path java(Path root, JsonNode config) throws IOException {
        for (JsonNode variable : config.get("Env")) {
            if (variable.textValue().startsWith("PATH=")) {
                for (String directory :
                        variable.textValue().substring("PATH=".length()).split(":")) {
                    Path java = Path.of(root + directory, JAVA);
                    if (Files.isExecutable(java)) {
                        return java;
                    }
                }
            }
        }
        throw new IOException("the image has no Java on its PATH: " + config.get("Env"));
    }

    private static void run(Path directory, String... command) throws IOException {
        Start.all(List.of(new Start(List.of(command), Map.of())), directory);
    }

    /** Its program, as a container of it would run. */
    Start start(Map<String, String> environment) {
        List<String> command = new ArrayList<>(List.of(java.toString()));
        command.addAll(arguments);
        return new Start(command, environment);
    }
}
