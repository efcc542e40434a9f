export const params = ["eParamID_Temperature"];
