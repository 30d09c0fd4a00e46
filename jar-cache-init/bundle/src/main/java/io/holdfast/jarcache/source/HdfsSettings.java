package io.holdfast.jarcache.source;

import java.nio.file.Path;
import java.util.Optional;

/**
 * How HDFS is reached.
 *
 * @param configuration directory of {@code core-site.xml} and {@code hdfs-site.xml}, which name the NameNodes of a
 *     nameservice, and say whether to authenticate; without it, only {@code hdfs://HOST:PORT} can be used
 * @param login as whom, where Kerberos is on; else the ticket cache is used
 */
public record HdfsSettings(Optional<Path> configuration, Optional<Login> login) {

    /** No configuration of one's own. */
    public static final HdfsSettings NONE = new HdfsSettings(Optional.empty(), Optional.empty());

    /** A Kerberos principal and the file with its keys. */
    public record Login(String principal, Path keytab) {}
}
