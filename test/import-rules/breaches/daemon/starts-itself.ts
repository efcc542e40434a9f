// breach: nobody-imports-a-program
import "./main.ts";
