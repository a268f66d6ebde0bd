import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.Callback;

public class App extends Handler.Abstract {
  @Override
  public boolean handle(Request request, Response response, Callback callback) {
    Content.Sink.write(response, true, "x", callback);
    return true;
  }

  public static void main(String[] args) throws Exception {
    var server = new Server(Integer.parseInt(System.getenv("PORT")));
    server.setHandler(new App());
    server.start();
    server.join();
  }
}
