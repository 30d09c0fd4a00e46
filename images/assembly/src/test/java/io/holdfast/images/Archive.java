package io.holdfast.images;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/** A docker-archive, read: the image's configuration, and what is in each of its layers. */
record Archive(JsonNode configuration, List<String> names, List<Map<String, Archive.File>> layers) {

    /** An entry of a layer. */
    record File(String owner, int mode, long seconds, byte[] content) {}

    static Archive read(Path file) throws IOException {
        Map<String, byte[]> parts = new LinkedHashMap<>();
        try (TarArchiveInputStream tar = new TarArchiveInputStream(Files.newInputStream(file))) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                parts.put(entry.getName(), tar.readAllBytes());
            }
        }
        ObjectMapper json = new ObjectMapper();
        JsonNode manifest = json.readTree(parts.get("manifest.json")).get(0);
        List<Map<String, File>> layers = new ArrayList<>();
        for (JsonNode layer : manifest.get("Layers")) {
            layers.add(layer(new ByteArrayInputStream(parts.get(layer.asText()))));
        }
        List<String> names = new ArrayList<>();
        manifest.get("RepoTags").forEach(name -> names.add(name.asText()));
        return new Archive(json.readTree(parts.get(manifest.get("Config").asText())), names, layers);
    }

    /** All paths, of files and directories, without the final slash. */
    List<String> paths() {
        return layers.stream().flatMap(layer -> layer.keySet().stream()).toList();
    }

    JsonNode config(String name) {
        return configuration.get("config").get(name);
    }

    private static Map<String, File> layer(InputStream compressed) throws IOException {
        Map<String, File> files = new LinkedHashMap<>();
        try (TarArchiveInputStream tar = new TarArchiveInputStream(new GZIPInputStream(compressed))) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                files.put(
                        "/" + entry.getName().replaceAll("/$", ""),
                        new File(
                                entry.getLongUserId() + ":" + entry.getLongGroupId(),
                                entry.getMode() & 0xFFF,
                                entry.getLastModifiedTime().toMillis() / 1000,
                                tar.readAllBytes()));
            }
        }
        return files;
    }
}
