package io.holdfast.testing.hdfs;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.apache.hadoop.hdfs.MiniDFSNNTopology;
import org.apache.hadoop.hdfs.server.datanode.DataNode;
import org.apache.hadoop.metrics2.AbstractMetric;
import org.apache.hadoop.metrics2.MetricsRecord;
import org.apache.hadoop.metrics2.impl.MetricsCollectorImpl;
import org.apache.hadoop.metrics2.lib.DefaultMetricsSystem;
import org.apache.kerby.kerberos.kerb.KrbException;

/**
 * The JVM behind {@link HdfsFixture}: NameNodes and DataNodes with their real sockets, and a line of text for each
 * request. Ends when its standard input does, so it never outlives the test.
 *
 * <p>Request: a verb and its arguments, separated by tabs. Answer: {@code ok} and a value, or {@code error} and a
 * message.
 */
public final class HdfsServer {

    private final MiniDFSCluster cluster;
    private final FileSystem files;
    private final Optional<Realm> realm;

    private HdfsServer(MiniDFSCluster cluster, FileSystem files, Optional<Realm> realm) {
        this.cluster = cluster;
        this.files = files;
        this.realm = realm;
    }

    /**
     * Arguments: directory, whether to format, DataNodes, NameNode ports, configuration directory of a client; and, to
     * be secured, the directory and the port of a KDC.
     */
    public static void main(String[] args) throws IOException, KrbException {
        PrintStream answers = System.out;
        System.setOut(System.err); // Hadoop says things there
        Configuration configuration = new Configuration();
        Optional<Realm> realm = Optional.empty();
        if (args.length > 5) {
            java.nio.file.Path directory = java.nio.file.Path.of(args[5]);
            realm = Optional.of(Realm.start(directory, Integer.parseInt(args[6])));
            Realm.secure(configuration, directory);
        }
        try (MiniDFSCluster cluster = start(
                configuration,
                args[0],
                Boolean.parseBoolean(args[1]),
                Integer.parseInt(args[2]),
                Stream.of(args[3].split(",")).map(Integer::valueOf).toList())) {
            Configuration client = new Configuration();
            client.addResource(new Path(args[4], "core-site.xml"));
            client.addResource(new Path(args[4], "hdfs-site.xml"));
            try (FileSystem files = FileSystem.newInstance(client)) {
                answers.println("ok\tready");
                new HdfsServer(cluster, files, realm).serve(answers);
            }
        }
        System.exit(0); // Hadoop leaves threads that are no daemons
    }

    private static MiniDFSCluster start(
            Configuration configuration, String directory, boolean format, int dataNodes, List<Integer> ports)
            throws IOException {
        MiniDFSCluster.Builder builder = new MiniDFSCluster.Builder(configuration, new File(directory))
                .numDataNodes(dataNodes)
                .format(format);
        if (ports.size() == 1) {
            return builder.nameNodePort(ports.get(0)).build();
        }
        MiniDFSNNTopology.NSConf nameservice = new MiniDFSNNTopology.NSConf(SiteFiles.NAMESERVICE);
        for (int i = 0; i < ports.size(); i++) {
            nameservice.addNN(new MiniDFSNNTopology.NNConf(SiteFiles.nameNode(i)).setIpcPort(ports.get(i)));
        }
        MiniDFSCluster cluster = builder.nnTopology(new MiniDFSNNTopology().addNameservice(nameservice))
                .build();
        cluster.transitionToActive(0);
        return cluster;
    }

    private void serve(PrintStream answers) throws IOException {
        BufferedReader requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = requests.readLine(); line != null; line = requests.readLine()) {
            String answer;
            try {
                answer = "ok\t" + answer(line.split("\t"));
            } catch (Exception e) { // of whatever kind: the test is told, and decides
                e.printStackTrace();
                answer = "error\t" + e.toString().lines().findFirst().orElse("");
            }
            answers.println(answer);
        }
    }

    private String answer(String[] request) throws Exception {
        switch (request[0]) {
            case "put" -> {
                Path target = new Path(request[2]);
                files.mkdirs(target.getParent());
                files.copyFromLocalFile(false, true, new Path("file://" + request[1]), target);
                return Long.toString(files.getFileStatus(target).getLen());
            }
            case "delete" -> {
                return Boolean.toString(files.delete(new Path(request[1]), true));
            }
            case "bytes-read" -> {
                long bytes = 0;
                for (DataNode dataNode : cluster.getDataNodes()) {
                    bytes += counter(dataNode.getMetrics().name(), "BytesRead");
                }
                return Long.toString(bytes);
            }
            case "fail-over" -> {
                int active = cluster.getNameNode(0).isActiveState() ? 0 : 1;
                cluster.transitionToStandby(active);
                cluster.transitionToActive(1 - active);
                return SiteFiles.nameNode(1 - active);
            }
            case "add-principal" -> {
                realm().add(request[1], new File(request[2]));
                return request[2];
            }
            case "change-keys" -> {
                realm().changeKeys(request[1]);
                return request[1];
            }
            case "remove-principal" -> {
                realm().remove(request[1]);
                return request[1];
            }
            case "log-in" -> {
                realm().logIn(request[1], new File(request[2]), new File(request[3]));
                return request[3];
            }
            default -> throw new IllegalArgumentException("Unknown request: " + request[0]);
        }
    }

    private Realm realm() {
        return realm.orElseThrow(() -> new IllegalStateException("HDFS was not started with secured()"));
    }

    /** Read at its source: JMX shows values that are up to ten seconds old. */
    private static long counter(String source, String name) {
        MetricsCollectorImpl collector = new MetricsCollectorImpl();
        DefaultMetricsSystem.instance().getSource(source).getMetrics(collector, true);
        Iterable<? extends MetricsRecord> records = collector.getRecords();
        for (MetricsRecord metrics : records) {
            for (AbstractMetric metric : metrics.metrics()) {
                if (metric.name().equals(name)) {
                    return metric.value().longValue();
                }
            }
        }
        throw new IllegalStateException("%s has no counter %s".formatted(source, name));
    }
}
