import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;

public class JavaHttp {
  public static void main(String[] args) throws Exception {
    var at = new InetSocketAddress(System.getenv("HOST"), Integer.parseInt(System.getenv("PORT")));
    var server = HttpServer.create(at, 0);
    server.createContext("/", exchange -> {
      exchange.sendResponseHeaders(200, 1);
      exchange.getResponseBody().write('x');
      exchange.close();
    });
    server.start();
  }
}
