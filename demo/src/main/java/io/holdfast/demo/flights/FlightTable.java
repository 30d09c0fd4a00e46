package io.holdfast.demo.flights;

import java.io.BufferedOutputStream;
import java.io.BufferedReader;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;

/**
 * The flights as rows of fixed size in a mapped file: a source that restarts has them at once, without parsing.
 *
 * <p>File: row count and airport count (int each), the airports' codes (3 bytes each), then 12 bytes per row: departure
 * in minutes since the first one's day (int), origin, destination, distance in miles, delay in minutes (short each).
 */
final class FlightTable {

    private static final int CODE_BYTES = 3;
    private static final int ROW_BYTES = 12;
    private static final long MINUTE_MILLIS = 60_000;

    private final ByteBuffer file;
    private final List<String> airports = new ArrayList<>();
    private final int rows;
    private final int firstRow;
    private final long passMinutes;

    private FlightTable(ByteBuffer file) {
        this.file = file;
        this.rows = file.getInt();
        int count = file.getInt();
        byte[] code = new byte[CODE_BYTES];
        for (int i = 0; i < count; i++) {
            file.get(code);
            airports.add(new String(code, StandardCharsets.US_ASCII));
        }
        this.firstRow = file.position();
        this.passMinutes = file.getInt(row(rows - 1)) + 1L;
    }

    static FlightTable open(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            return new FlightTable(channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size()));
        }
    }

    /** Flight {@code sequence} of {@code split}, when {@code splits} splits share the rows like dealt cards. */
    Flight flight(int split, int splits, long sequence) {
        long position = sequence * splits + split;
        int at = row((int) (position % rows));
        long minutes = position / rows * passMinutes + file.getInt(at);
        return new Flight(
                split,
                sequence,
                minutes * MINUTE_MILLIS,
                airports.get(file.getShort(at + 4)),
                airports.get(file.getShort(at + 6)),
                file.getShort(at + 8),
                file.getShort(at + 10));
    }

    int rows() {
        return rows;
    }

    private int row(int index) {
        return firstRow + index * ROW_BYTES;
    }

    /** Turns the compressed CSV into a table file. Returns the number of flights. */
    static int write(InputStream compressedCsv, Path path) throws IOException {
        Map<String, Integer> airports = new LinkedHashMap<>();
        List<int[]> rows = parse(compressedCsv, airports);
        Path unfinished = path.resolveSibling(path.getFileName() + ".part");
        try (DataOutputStream out =
                new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(unfinished), 1 << 16))) {
            out.writeInt(rows.size());
            out.writeInt(airports.size());
            for (String code : airports.keySet()) {
                out.write(code.getBytes(StandardCharsets.US_ASCII), 0, CODE_BYTES);
            }
            for (int[] row : rows) {
                out.writeInt(row[0]);
                for (int i = 1; i < row.length; i++) {
                    out.writeShort(row[i]);
                }
            }
        }
        Files.move(unfinished, path, StandardCopyOption.ATOMIC_MOVE);
        return rows.size();
    }

    private static List<int[]> parse(InputStream compressedCsv, Map<String, Integer> airports) throws IOException {
        List<int[]> rows = new ArrayList<>();
        try (BufferedReader lines = new BufferedReader(
                new InputStreamReader(new GZIPInputStream(compressedCsv), StandardCharsets.US_ASCII))) {
            lines.readLine(); // column names
            long firstDay = Long.MIN_VALUE;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String[] cells = line.split(",");
                long minute = LocalDateTime.parse(cells[0]).toEpochSecond(ZoneOffset.UTC) / 60;
                if (firstDay == Long.MIN_VALUE) {
                    firstDay = minute / 1440 * 1440;
                }
                rows.add(new int[] {
                    (int) (minute - firstDay),
                    airports.computeIfAbsent(cells[1], any -> airports.size()),
                    airports.computeIfAbsent(cells[2], any -> airports.size()),
                    Integer.parseInt(cells[3]),
                    Integer.parseInt(cells[4])
                });
            }
        }
        return rows;
    }
}
