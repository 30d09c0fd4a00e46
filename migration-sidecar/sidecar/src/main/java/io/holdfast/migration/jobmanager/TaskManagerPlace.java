package io.holdfast.migration.jobmanager;

import io.holdfast.migration.client.MoveClient;
import io.holdfast.migration.client.RegisteredTaskManager;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Where the TaskManager of this pod is. The containers of a pod share their network, so it has this container's addresses and
 * host name, which is the pod's.
 *
 * @param id its resource id, if that is set
 * @param names of the pod
 * @param addresses of the pod, the likeliest first
 */
public record TaskManagerPlace(Optional<String> id, Set<String> names, Set<String> addresses) {

    /** As far as it is set, and as this machine tells for the rest. */
    public static TaskManagerPlace of(Optional<String> id, Optional<String> podName, Optional<String> podAddress) {
        Set<String> names = new LinkedHashSet<>();
        podName.ifPresent(names::add);
        hostName().ifPresent(names::add);
        return new TaskManagerPlace(
                id, names, podAddress.isPresent() ? Set.of(canonical(podAddress.get())) : ownAddresses());
    }

    private static Optional<String> hostName() {
        try {
            return Optional.of(InetAddress.getLocalHost().getHostName()).filter(name -> !name.equals("localhost"));
        } catch (UnknownHostException e) {
            return Optional.empty(); // of a host that does not know its own name: then the address must tell
        }
    }

    private static Set<String> ownAddresses() {
        Set<String> addresses = new LinkedHashSet<>();
        try {
            addressOfTheName().ifPresent(addresses::add);
            for (NetworkInterface card : Collections.list(NetworkInterface.getNetworkInterfaces())) {
                for (InetAddress address : Collections.list(card.getInetAddresses())) {
                    if (reachable(address)) {
                        addresses.add(text(address));
                    }
                }
            }
        } catch (SocketException e) {
            return Set.of(); // then the name must tell
        }
        return addresses;
    }

    /** In a pod with several networks the one that Kubernetes means. */
    private static Optional<String> addressOfTheName() throws SocketException {
        try {
            InetAddress address = InetAddress.getLocalHost();
            return reachable(address) && NetworkInterface.getByInetAddress(address) != null
                    ? Optional.of(text(address))
                    : Optional.empty();
        } catch (UnknownHostException e) {
            return Optional.empty(); // of a host that does not know its own name
        }
    }

    private static boolean reachable(InetAddress address) {
        return !address.isLoopbackAddress() && !address.isLinkLocalAddress();
    }

    private static String text(InetAddress address) {
        String text = address.getHostAddress();
        return address instanceof Inet6Address && text.contains("%") ? text.substring(0, text.indexOf('%')) : text;
    }

    /** Those of {@code registered} that can be it: one, if all is well. One that is set is believed to be there. */
    List<RegisteredTaskManager> among(List<RegisteredTaskManager> registered) {
        List<RegisteredTaskManager> found = new ArrayList<>();
        if (id.isPresent()) {
            registered.stream().filter(one -> one.id().equals(id.get())).forEach(found::add);
            return found;
        }
        for (String name : names) {
            Optional<RegisteredTaskManager> named = MoveClient.ofPod(registered, name, "");
            if (named.isPresent()) {
                return List.of(named.get());
            }
        }
        registered.stream()
                .filter(one -> addresses.contains(canonical(one.host())))
                .forEach(found::add);
        return found;
    }

    /** IPv6 addresses are written in several ways. Names stay as they are: nothing is looked up. */
    private static String canonical(String host) {
        if (!host.contains(":")) {
            return host;
        }
        try {
            return text(InetAddress.getByName(host));
        } catch (UnknownHostException e) {
            return host;
        }
    }
}
