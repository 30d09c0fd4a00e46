package io.holdfast.jarcache.source;

import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Optional;
import javax.security.auth.kerberos.KerberosPrincipal;
import javax.security.auth.kerberos.KeyTab;
import javax.security.auth.login.LoginException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.security.UserGroupInformation;

/** Makes this process the user that HDFS is to see. Says itself what is missing: Hadoop and Java name other things. */
final class KerberosLogin {

    private KerberosLogin() {}

    static void logIn(Configuration configuration, Optional<HdfsSettings.Login> login) {
        try {
            UserGroupInformation.setConfiguration(configuration);
        } catch (IllegalArgumentException e) { // "Can't get Kerberos realm", and the reason is its cause
            throw new HoldfastException(
                    Disposition.FATAL,
                    "core-site.xml asks for Kerberos, and no realm is known here: "
                            + HdfsJarSource.firstLine(e.getCause() == null ? e : e.getCause()),
                    "Put the krb5.conf of the realm, with its default_realm, at /etc/krb5.conf",
                    e);
        }
        if (login.isPresent()) {
            logIn(login.get());
        } else {
            UserGroupInformation user = user();
            if (UserGroupInformation.isSecurityEnabled()) {
                requireTicket(user);
            }
        }
    }

    private static void logIn(HdfsSettings.Login login) {
        if (!UserGroupInformation.isSecurityEnabled()) {
            throw new HoldfastException(
                    Disposition.FATAL,
                    "There is a Kerberos login for HDFS, and no core-site.xml that turns Kerberos on",
                    "Set hadoop.security.authentication to kerberos there, or remove the login");
        }
        requireKey(login);
        try {
            UserGroupInformation.loginUserFromKeytab(
                    login.principal(), login.keytab().toString());
        } catch (IOException e) {
            throw refused(login, e);
        }
    }

    /** Java's own message is that it is "Unable to obtain password from user". */
    private static void requireKey(HdfsSettings.Login login) {
        if (!Files.isReadable(login.keytab())) {
            throw new HoldfastException(
                    Disposition.FATAL,
                    "There is no keytab %s that this process may read".formatted(login.keytab()),
                    "Give the file with the keys of " + login.principal());
        }
        KerberosPrincipal principal;
        try {
            principal = new KerberosPrincipal(login.principal());
        } catch (IllegalArgumentException e) {
            throw new HoldfastException(
                    Disposition.FATAL,
                    "%s is no Kerberos principal: %s".formatted(login.principal(), HdfsJarSource.firstLine(e)),
                    "Give it as NAME@REALM",
                    e);
        }
        if (KeyTab.getInstance(principal, login.keytab().toFile()).getKeys(principal).length == 0) {
            throw new HoldfastException(
                    Disposition.FATAL,
                    "The keytab %s holds no key of %s that Java can use".formatted(login.keytab(), login.principal()),
                    "See with klist -e -k what it holds, and give the keytab of this principal");
        }
    }

    private static HoldfastException refused(HdfsSettings.Login login, IOException failure) {
        Throwable why = loginFailure(failure);
        if (why.getCause() instanceof IOException) {
            return new HoldfastException(
                    Disposition.RETRYABLE,
                    "No answer from Kerberos for %s: %s".formatted(login.principal(), HdfsJarSource.firstLine(why)),
                    "Check that the KDC which krb5.conf names works and can be reached from here",
                    failure);
        }
        return new HoldfastException(
                Disposition.FATAL,
                "Kerberos refuses %s with the keytab %s: %s"
                        .formatted(login.principal(), login.keytab(), HdfsJarSource.firstLine(why)),
                "Check that the principal exists and that the keytab is its newest",
                failure);
    }

    private static UserGroupInformation user() {
        try {
            return UserGroupInformation.getLoginUser();
        } catch (IOException e) { // a container may run as a number that has no name
            throw new HoldfastException(
                    Disposition.FATAL,
                    "Hadoop cannot tell as which user this process runs: " + HdfsJarSource.firstLine(loginFailure(e)),
                    "Run it as a user that /etc/passwd names, or give a Kerberos login if the cluster asks for one",
                    e);
        }
    }

    /** Delegation tokens, as a Hadoop job hands them out, do as well. */
    private static void requireTicket(UserGroupInformation user) {
        if (!user.hasKerberosCredentials() && user.getTokens().isEmpty()) {
            throw new HoldfastException(
                    Disposition.FATAL,
                    "HDFS asks for Kerberos, and %s has no ticket".formatted(user.getShortUserName()),
                    "Give a Kerberos principal and its keytab, or run kinit before");
        }
    }

    /** What Java said, without what Hadoop puts around it. */
    private static Throwable loginFailure(IOException failure) {
        Throwable why = failure;
        while (why.getCause() != null && !(why instanceof LoginException)) {
            why = why.getCause();
        }
        return why;
    }
}
