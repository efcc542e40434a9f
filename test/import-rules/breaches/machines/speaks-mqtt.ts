// breach: machines-decide-and-nothing-else
import mqtt from "mqtt";

export const broker = mqtt.connect("mqtt://localhost");
