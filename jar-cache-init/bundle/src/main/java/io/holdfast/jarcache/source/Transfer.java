package io.holdfast.jarcache.source;

/** Is told how a transfer goes on, by the thread that fetches. */
public interface Transfer {

    /** For who does not want to know. */
    Transfer SILENT = new Transfer() {
        @Override
        public void at(long bytes, long ofBytes) {}

        @Override
        public void retry(String why) {}
    };

    /** {@code bytes} of all are there; {@code ofBytes} is -1 as long as the source does not say how many there are. */
    void at(long bytes, long ofBytes);

    /** It is tried again, from where it broke off if the source can; {@code why} is a sentence without its full stop. */
    void retry(String why);
}
