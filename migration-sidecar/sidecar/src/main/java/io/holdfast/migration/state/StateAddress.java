package io.holdfast.migration.state;

import io.holdfast.base.Disposition;
import io.holdfast.base.HoldfastException;
import io.holdfast.quarkus.ListenAddress;
import java.net.URI;
import java.util.List;
import java.util.Set;

/** What other pods are told of where state is served. Pure. */
final class StateAddress {
    private static final Set<String> ALL = Set.of("0.0.0.0", "::", "0:0:0:0:0:0:0:0");

    private StateAddress() {}

    /**
     * An address that is listened at alone is the one; else one of {@code own}, IPv4 before IPv6, in their order.
     *
     * @param port that is listened at
     * @throws HoldfastException FATAL if there is none
     */
    static URI of(ListenAddress listen, int port, List<String> own) {
        if (!ALL.contains(listen.host())) {
            return http(listen.host(), port);
        }
        return own.stream()
                .filter(address -> !address.contains(":"))
                .findFirst()
                .or(() -> own.stream().findFirst())
                .map(address -> http(address, port))
                .orElseThrow(() -> new HoldfastException(
                        Disposition.FATAL,
                        "This container has no address that other pods could be told to fetch state from",
                        "Set HOLDFAST_MIGRATION_ADDRESS from the downward API, or HOLDFAST_MIGRATION_STATE_URL"));
    }

    private static URI http(String host, int port) {
        return URI.create("http://%s:%d".formatted(host.contains(":") ? "[" + host + "]" : host, port));
    }
}
