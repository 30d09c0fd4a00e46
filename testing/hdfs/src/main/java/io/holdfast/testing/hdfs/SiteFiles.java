package io.holdfast.testing.hdfs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The two files by which a Hadoop client finds a cluster, as an administrator would hand them out. */
record SiteFiles(List<Integer> nameNodePorts) {

    static final String NAMESERVICE = "holdfast";

    static String nameNode(int index) {
        return "nn" + (index + 1);
    }

    String uri() {
        return highlyAvailable() ? "hdfs://" + NAMESERVICE : "hdfs://" + address(0);
    }

    void write(Path directory) throws IOException {
        Files.createDirectories(directory);
        Files.writeString(directory.resolve("core-site.xml"), xml(Map.of("fs.defaultFS", uri())));
        Files.writeString(directory.resolve("hdfs-site.xml"), xml(hdfs()));
    }

    private Map<String, String> hdfs() {
        if (!highlyAvailable()) {
            return Map.of();
        }
        Map<String, String> properties = new TreeMap<>();
        properties.put("dfs.nameservices", NAMESERVICE);
        properties.put(
                "dfs.ha.namenodes." + NAMESERVICE,
                IntStream.range(0, nameNodePorts.size())
                        .mapToObj(SiteFiles::nameNode)
                        .collect(Collectors.joining(",")));
        for (int i = 0; i < nameNodePorts.size(); i++) {
            properties.put("dfs.namenode.rpc-address.%s.%s".formatted(NAMESERVICE, nameNode(i)), address(i));
        }
        properties.put(
                "dfs.client.failover.proxy.provider." + NAMESERVICE,
                "org.apache.hadoop.hdfs.server.namenode.ha.ConfiguredFailoverProxyProvider");
        return properties;
    }

    private boolean highlyAvailable() {
        return nameNodePorts.size() > 1;
    }

    private String address(int nameNode) {
        return "127.0.0.1:" + nameNodePorts.get(nameNode);
    }

    private static String xml(Map<String, String> properties) {
        return new TreeMap<>(properties)
                .entrySet().stream()
                        .map(property -> "  <property><name>%s</name><value>%s</value></property>%n"
                                .formatted(property.getKey(), property.getValue()))
                        .collect(Collectors.joining(
                                "", "<?xml version=\"1.0\"?>\n<configuration>\n", "</configuration>\n"));
    }
}
