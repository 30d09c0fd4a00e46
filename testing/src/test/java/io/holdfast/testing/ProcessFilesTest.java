package io.holdfast.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProcessFilesTest {

    @Test
    void everyValueIsAQuotedString() {
        assertThat(ProcessFiles.yaml(Map.of("b", "1 s", "a", "it's"))).isEqualTo("a: 'it''s'\nb: '1 s'\n");
    }

    @Test
    void flinkFindsItsFilesWhereItLooks(@TempDir Path directory) {
        ProcessFiles files = ProcessFiles.create(directory.resolve("tm-1"), "tm-1", Map.of("k", "v"));

        assertThat(files.conf().resolve("config.yaml")).hasContent("k: 'v'");
        assertThat(files.log4j()).exists();
        assertThat(files.tmp()).isDirectory();
    }
}
