package io.holdfast.demo.flights;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FlightTableTest {

    private static final String CSV = """
            scheduled_departure,origin,destination,distance_miles,delay_minutes
            2001-01-01T00:01,LAS,PHL,2176,33
            2001-01-01T00:05,ANC,LAX,2345,-13
            2001-01-02T00:00,LAX,LAS,236,0
            """;
    private static final long MINUTE = 60_000;

    @TempDir
    private Path directory;

    @Test
    void splitsShareTheRowsAndPassOverThemAgainLater() throws IOException {
        FlightTable table = table();

        assertThat(table.flight(0, 2, 0)).isEqualTo(new Flight(0, 0, MINUTE, "LAS", "PHL", 2176, 33));
        assertThat(table.flight(1, 2, 0)).isEqualTo(new Flight(1, 0, 5 * MINUTE, "ANC", "LAX", 2345, -13));
        assertThat(table.flight(0, 2, 1)).isEqualTo(new Flight(0, 1, 1440 * MINUTE, "LAX", "LAS", 236, 0));
        assertThat(table.flight(1, 2, 1)).isEqualTo(new Flight(1, 1, 1442 * MINUTE, "LAS", "PHL", 2176, 33));
    }

    @Test
    void eventTimeNeverGoesBack() throws IOException {
        FlightTable table = table();

        long before = -1;
        for (int sequence = 0; sequence < 100; sequence++) {
            long now = table.flight(0, 1, sequence).departureMillis();
            assertThat(now).isGreaterThan(before);
            before = now;
        }
    }

    @Test
    void theDataOfTheDemoIsComplete() throws IOException {
        Path path = directory.resolve("all.table");
        try (InputStream csv = FlightTable.class.getResourceAsStream("/data/us-flights-2001.csv.gz")) {
            assertThat(FlightTable.write(csv, path)).isEqualTo(500_000);
        }

        assertThat(FlightTable.open(path).flight(0, 1, 499_999))
                .extracting(Flight::origin, Flight::destination, Flight::distanceMiles, Flight::delayMinutes)
                .containsExactly("MLI", "STL", 187, 8);
    }

    private FlightTable table() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
            gzip.write(CSV.getBytes(StandardCharsets.US_ASCII));
        }
        Path path = directory.resolve("flights.table");
        assertThat(FlightTable.write(new ByteArrayInputStream(bytes.toByteArray()), path))
                .isEqualTo(3);
        return FlightTable.open(path);
    }
}
