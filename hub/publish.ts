/** How a part of the hub says something on MQTT; what cannot be sent now is not sent later. */
export type Publish = (topic: string, payload: string, options: PublishOptions) => void;
export type PublishOptions = { qos: 0 | 1; retain: boolean };
