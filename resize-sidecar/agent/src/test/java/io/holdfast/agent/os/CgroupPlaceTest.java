package io.holdfast.agent.os;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CgroupPlaceTest {
    private static final String V1_MOUNT =
            "33 24 0:30 / /sys/fs/cgroup/memory rw,nosuid shared:14 - cgroup cgroup rw,memory";
    private static final String V2_MOUNT = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw";

    @Test
    void version1OnAMachine() {
        CgroupPlace place = CgroupPlace.find(
                List.of("9:cpu,cpuacct:/a", "4:memory:/kubepods/pod1/c1", "0::/"),
                List.of(V1_MOUNT, V2_MOUNT),
                Set.of("/sys/fs/cgroup/memory/kubepods/pod1/c1")::contains);

        assertThat(place).isEqualTo(new CgroupPlace(1, "/kubepods/pod1/c1", "/sys/fs/cgroup/memory/kubepods/pod1/c1"));
    }

    @Test
    void version1InAContainerThatSeesItsOwnAsTheRoot() {
        String mount = "33 24 0:30 /docker/4f1c /sys/fs/cgroup/memory ro,nosuid master:14 - cgroup cgroup rw,memory";

        assertThat(CgroupPlace.find(List.of("4:memory:/docker/4f1c"), List.of(mount), directory -> true)
                        .directory())
                .isEqualTo("/sys/fs/cgroup/memory");
    }

    @Test
    void version2InACgroupNamespace() {
        assertThat(CgroupPlace.find(List.of("0::/"), List.of(V2_MOUNT), directory -> true))
                .isEqualTo(new CgroupPlace(2, "/", "/sys/fs/cgroup"));
    }

    @Test
    void version2OnAMachine() {
        assertThat(CgroupPlace.find(List.of("0::/user.slice/app"), List.of(V2_MOUNT), directory -> true))
                .isEqualTo(new CgroupPlace(2, "/user.slice/app", "/sys/fs/cgroup/user.slice/app"));
    }

    @Test
    void nameOfTheHostsThatIsNotMountedHereMeansTheRootOfTheMount() {
        assertThat(CgroupPlace.find(List.of("0::/host/name"), List.of(V2_MOUNT), directory -> false)
                        .directory())
                .isEqualTo("/sys/fs/cgroup");
    }

    @Test
    void withoutAMountThereIsNone() {
        assertThat(CgroupPlace.find(List.of("0::/"), List.of("1 1 0:1 / / rw - ext4 /dev/a rw"), directory -> true))
                .isEqualTo(CgroupPlace.NONE);
        assertThat(CgroupPlace.find(List.of(), List.of(V2_MOUNT), directory -> true))
                .isEqualTo(CgroupPlace.NONE);
    }
}
