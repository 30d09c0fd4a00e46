package io.holdfast.flink.move;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class LoadedClassesTest {

    /** Which of the classes below were initialized. */
    private static final Set<String> INITIALIZED = ConcurrentHashMap.newKeySet();

    /** May be initialized. */
    static final class Invited {
        static {
            INITIALIZED.add("Invited");
        }
    }

    /** May not. */
    static final class Uninvited {
        static {
            INITIALIZED.add("Uninvited");
        }
    }

    /** Cannot. */
    static final class Failing {
        static {
            fail();
        }

        private static void fail() {
            throw new IllegalStateException("told to fail");
        }
    }

    @Test
    void thisJvmNamesItsClassesButNotThoseThatNobodyElseCanLoad() throws Exception {
        Runnable hidden = INITIALIZED::size;
        Object proxy = Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {Runnable.class}, (self, method, arguments) -> null);

        List<String> names = LoadedClasses.ofThisJvm();

        assertThat(names)
                .contains(LoadedClasses.class.getName(), getClass().getName())
                .doesNotHaveDuplicates()
                .doesNotContain(hidden.getClass().getName(), proxy.getClass().getName())
                .noneMatch(name -> name.startsWith("java.") || name.startsWith("jdk.") || name.startsWith("sun."))
                .noneMatch(name -> name.contains("/") || name.contains("$$Lambda") || name.contains("["));
        assertThat(LoadedClasses.load(names.stream(), getClass().getClassLoader(), name -> false))
                .as("they can be loaded by these names")
                .isGreaterThan(names.size() * 9 / 10);
    }

    @Test
    void hierarchyIsReadAsTheJvmWritesIt() {
        String hierarchy = """
                java.lang.Object/null
                |--java.lang.String/null
                |--org.apache.flink.util.IOUtils/0x00007f8a3c0b8d10
                |  |--com.example.Mine$Inner/0x00007f8a3c0b8d10 (intf)
                |--com.example.Mine$$Lambda$12/0x00000008000c8a00/0x00007f8a3c0b8d10
                |--com.example.Mine$$Lambda/0x00007f21ac08a6e8/0x00007f8a3c0b8d10
                |--com.example.Hidden+0x00007f21ac08a6e8/0x00007f8a3c0b8d10
                |--jdk.proxy2.$Proxy10/0x00007f8a3c0b8d10
                |--com.sun.proxy.$Proxy10/0x00007f8a3c0b8d10
                |--com.example.$Proxy3/0x00007f8a3c0b8d10
                |--boot.Loaded/null
                |--org.apache.flink.util.IOUtils/0x00007f8a3c0b8d11
                """;

        assertThat(LoadedClasses.parse(hierarchy))
                .containsExactly("org.apache.flink.util.IOUtils", "com.example.Mine$Inner", "boot.Loaded");
    }

    @Test
    void namesSurviveTheirWay() throws Exception {
        List<String> names = List.of("a.B", "c.D$E", "f.G");

        assertThat(LoadedClasses.unpacked(LoadedClasses.packed("another JVM", names)))
                .isEqualTo(names);
        assertThat(LoadedClasses.unpacked(LoadedClasses.packed(names)))
                .as("this JVM has its classes")
                .isEmpty();
        assertThatThrownBy(() -> LoadedClasses.unpacked(new byte[] {1, 2, 3})).isInstanceOf(IOException.class);
    }

    @Test
    void noNamesAreNoClasses() throws Exception {
        List<String> none = LoadedClasses.unpacked(LoadedClasses.packed("another JVM", List.of()));

        assertThat(LoadedClasses.load(none.stream(), getClass().getClassLoader(), name -> true))
                .isZero();
    }

    @Test
    void onlyWhatMayBeInitializedIs() {
        String prefix = getClass().getName() + "$";

        int loaded = LoadedClasses.load(
                Stream.of("Invited", "Uninvited", "Failing", "NotThere").map(prefix::concat),
                getClass().getClassLoader(),
                name -> !name.endsWith("Uninvited"));

        assertThat(loaded).as("not there, and not to be initialized").isEqualTo(2);
        assertThat(INITIALIZED).containsExactly("Invited");
    }
}
