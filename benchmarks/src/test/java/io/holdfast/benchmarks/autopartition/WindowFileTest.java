package io.holdfast.benchmarks.autopartition;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WindowFileTest {

    private static final Window FIRST = new Window(1, -5, 10, Long.MAX_VALUE, 1234.5, -7);
    private static final Window SECOND = new Window(2, 20, 30, 40, Window.SATURATED, 8);

    @TempDir
    private Path directory;

    @Test
    void aNewFileHasNoWindow() throws IOException {
        assertThat(file().current(null)).isNull();
    }

    @Test
    void whoeverMapsTheFileSeesTheWindowThatIsOpen() throws IOException {
        WindowFile program = file();
        WindowFile task = file();

        program.open(FIRST);

        assertThat(task.current(null)).isEqualTo(FIRST);
    }

    @Test
    void theKnownWindowIsReturnedAsLongAsItIsOpen() throws IOException {
        WindowFile program = file();
        program.open(FIRST);
        Window known = program.current(null);

        assertThat(program.current(known)).isSameAs(known);
        program.close();
        assertThat(program.current(known)).isNull();
        program.open(SECOND);
        assertThat(program.current(known)).isEqualTo(SECOND);
    }

    private WindowFile file() throws IOException {
        return WindowFile.at(directory.resolve("window"));
    }
}
