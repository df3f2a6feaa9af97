-- titre: Artificialisation par zonage
-- title: Artificialisation by zoning
-- définition: les flux de la table flux, par genre de zone ; hors de toute zone compris (genre vide,
--   zones = 0) : les lignes d'un zonage font le flux du territoire, exactement.
-- definition: the fluxes of the table flux, by kind of zone; what is outside all zones included (empty
--   kind, zones = 0): the rows of a zoning make the flux of the territory, exactly.
-- source: les couches de [[crossings]] ; article R.101-1 du code de l'urbanisme
-- subject: OCS GE
-- needs: crossed_ledger
-- unit: m²
-- columns: series, crossing, zone_kind, commune, departement, year_before, year_after, zones,
--   artificialised_m2, desartificialised_m2, net_m2, revealed_m2, impermeabilised_m2,
--   desimpermeabilised_m2
WITH sums AS (
  SELECT
    series, crossing, COALESCE(zone_kind, '') AS zone_kind, zone IS NOT NULL AS is_zone,
    commune, departement, year_before, year_after,
    COUNT(DISTINCT zone) AS zones,
    SUM(CASE WHEN final_before = false AND final_after = true THEN area_half_cm2 ELSE 0 END)
      AS gained,
    SUM(CASE WHEN final_before = true AND final_after = false THEN area_half_cm2 ELSE 0 END)
      AS lost,
    SUM(CASE WHEN final_before IS NULL AND final_after = true THEN area_half_cm2
             WHEN final_before = true AND final_after IS NULL THEN -area_half_cm2
             ELSE 0 END) AS revealed,
    SUM(CASE WHEN impermeable_before = false AND impermeable_after = true THEN area_half_cm2
             ELSE 0 END) AS sealed,
    SUM(CASE WHEN impermeable_before = true AND impermeable_after = false THEN area_half_cm2
             ELSE 0 END) AS unsealed
  FROM crossed_ledger
  GROUP BY
    series, crossing, COALESCE(zone_kind, ''), zone IS NOT NULL, commune, departement,
    year_before, year_after
)
SELECT
  series, crossing, zone_kind, commune, departement, year_before, year_after,
  CASE WHEN is_zone THEN zones ELSE 0 END AS zones,
  gained AS artificialised_half_cm2,
  lost AS desartificialised_half_cm2,
  gained - lost AS net_half_cm2,
  revealed AS revealed_half_cm2,
  sealed AS impermeabilised_half_cm2,
  unsealed AS desimpermeabilised_half_cm2
FROM sums
ORDER BY series, crossing, departement, commune, year_before, year_after, zone_kind, is_zone
