# varnishd -F -a :8080 -f varnish.vcl
vcl 4.1;
backend default none;
sub vcl_recv { return (synth(200, "x")); }
