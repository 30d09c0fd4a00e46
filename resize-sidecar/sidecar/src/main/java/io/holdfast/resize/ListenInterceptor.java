package io.holdfast.resize;

import io.smallrye.config.ConfigSourceInterceptor;
import io.smallrye.config.ConfigSourceInterceptorContext;
import io.smallrye.config.ConfigValue;

/**
 * Tells the framework where to listen, which has two settings for what is one of ours. Kubernetes sets variables that end with
 * {@code _PORT} for Services, so none of ours can have such a name.
 */
public final class ListenInterceptor implements ConfigSourceInterceptor {
    private static final long serialVersionUID = 1L;
    private static final String LISTEN = "holdfast.resize.listen";
    private static final String HOST = "quarkus.http.host";
    private static final String PORT = "quarkus.http.port";

    @Override
    public ConfigValue getValue(ConfigSourceInterceptorContext context, String name) {
        boolean host = HOST.equals(name);
        if (!host && !PORT.equals(name)) {
            return context.proceed(name);
        }
        ConfigValue listen = context.proceed(LISTEN);
        ListenAddress address = address(listen == null ? null : listen.getValue());
        return ConfigValue.builder()
                .withName(name)
                .withValue(host ? address.host() : Integer.toString(address.port()))
                .build();
    }

    /** What cannot be read is told by {@link ResizeSettings}; until then nobody may reach us. */
    private static ListenAddress address(String text) {
        try {
            return ListenAddress.parse(text == null ? ListenAddress.DEFAULT : text);
        } catch (IllegalArgumentException e) {
            return new ListenAddress("127.0.0.1", 0);
        }
    }
}
