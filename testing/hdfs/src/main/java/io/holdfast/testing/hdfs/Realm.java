package io.holdfast.testing.hdfs;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.security.UserGroupInformation;
import org.apache.kerby.kerberos.kerb.KrbException;
import org.apache.kerby.kerberos.kerb.server.SimpleKdcServer;
import org.apache.kerby.kerberos.kerb.type.ticket.TgtTicket;

/** A Kerberos realm of its own, served on loopback by the JVM of {@link HdfsServer}. Forgets its principals at its end. */
final class Realm {

    private final SimpleKdcServer kdc;

    private Realm(SimpleKdcServer kdc) {
        this.kdc = kdc;
    }

    /** Makes this process one of the realm, and lets it be the service's principal. */
    static Realm start(Path directory, int port) throws KrbException, IOException {
        Files.createDirectories(directory);
        SimpleKdcServer kdc = new SimpleKdcServer();
        kdc.setWorkDir(directory.toFile()); // of krb5.conf, which it also sets for this JVM
        kdc.setKdcRealm(HdfsFixture.REALM);
        kdc.setKdcHost("localhost");
        kdc.setAllowUdp(false);
        kdc.setKdcTcpPort(port);
        kdc.init();
        kdc.start();
        Realm realm = new Realm(kdc);
        File keytab = directory.resolve("service.keytab").toFile();
        Files.deleteIfExists(keytab.toPath()); // of an earlier life: keys would be added to it
        for (String service : new String[] {SiteFiles.SERVICE, SiteFiles.WEB_SERVICE}) {
            kdc.createPrincipal(service);
            kdc.exportPrincipal(service, keytab);
        }
        Configuration configuration = new Configuration();
        configuration.set("hadoop.security.authentication", "kerberos");
        UserGroupInformation.setConfiguration(configuration);
        UserGroupInformation.loginUserFromKeytab(SiteFiles.SERVICE, keytab.getPath());
        return realm;
    }

    /** What makes the NameNodes and DataNodes ask for Kerberos, each in their own ways. */
    static void secure(Configuration configuration, Path directory) {
        String keytab = directory.resolve("service.keytab").toString();
        configuration.set("hadoop.security.authentication", "kerberos");
        for (String node : new String[] {"namenode", "datanode"}) {
            configuration.set("dfs.%s.kerberos.principal".formatted(node), SiteFiles.SERVICE);
            configuration.set("dfs.%s.keytab.file".formatted(node), keytab);
        }
        configuration.set("dfs.web.authentication.kerberos.principal", SiteFiles.WEB_SERVICE);
        configuration.set("dfs.web.authentication.kerberos.keytab", keytab);
        configuration.setBoolean("dfs.block.access.token.enable", true);
        configuration.set("dfs.data.transfer.protection", SiteFiles.PROTECTION);
        configuration.setBoolean("ignore.secure.ports.for.testing", true); // the web pages stay http
    }

    void add(String principal, File keytab) throws KrbException {
        kdc.createPrincipal(principal);
        kdc.exportPrincipal(principal, keytab);
    }

    void changeKeys(String principal) throws KrbException {
        kdc.deletePrincipal(principal);
        kdc.createPrincipal(principal);
    }

    void remove(String principal) throws KrbException {
        kdc.deletePrincipal(principal);
    }

    void logIn(String principal, File keytab, File ticketCache) throws KrbException {
        TgtTicket ticket = kdc.getKrbClient().requestTgt(principal, keytab);
        kdc.getKrbClient().storeTicket(ticket, ticketCache);
    }
}
