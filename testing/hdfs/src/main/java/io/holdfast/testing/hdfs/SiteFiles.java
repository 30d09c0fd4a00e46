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
record SiteFiles(List<Integer> nameNodePorts, boolean secured) {

    static final String NAMESERVICE = "holdfast";
    /** Of all NameNodes and DataNodes: they are one process. */
    static final String SERVICE = "hdfs/localhost@" + HdfsFixture.REALM;

    static final String WEB_SERVICE = "HTTP/localhost@" + HdfsFixture.REALM;
    /** Of the blocks on their way: who they are for is known, who listens can read them. */
    static final String PROTECTION = "authentication";

    static String nameNode(int index) {
        return "nn" + (index + 1);
    }

    String uri() {
        return highlyAvailable() ? "hdfs://" + NAMESERVICE : "hdfs://" + address(0);
    }

    void write(Path directory) throws IOException {
        Files.createDirectories(directory);
        Files.writeString(directory.resolve("core-site.xml"), xml(core()));
        Files.writeString(directory.resolve("hdfs-site.xml"), xml(hdfs()));
    }

    private Map<String, String> core() {
        return secured
                ? Map.of("fs.defaultFS", uri(), "hadoop.security.authentication", "kerberos")
                : Map.of("fs.defaultFS", uri());
    }

    private Map<String, String> hdfs() {
        Map<String, String> properties = new TreeMap<>();
        if (secured) {
            properties.put("dfs.namenode.kerberos.principal", SERVICE);
            properties.put("dfs.data.transfer.protection", PROTECTION);
        }
        if (!highlyAvailable()) {
            return properties;
        }
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
